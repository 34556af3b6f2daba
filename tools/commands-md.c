/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints docs/reference/commands.md: runs the real `help --markdown`, with
 * all the commands linked in. `commands-md LINE...` runs other lines instead.
 */
#include <core/session.h>
#include <stdio.h>

static void write_out(struct session *s, const uint8_t *buf, size_t n)
{
	(void)s;
	(void)fwrite(buf, 1, n, stdout);
}

static size_t read_nothing(struct session *s, uint8_t *buf, size_t n)
{
	(void)s;
	(void)buf;
	(void)n;
	return 0;
}

static void nothing(struct session *s)
{
	(void)s;
}

static bool never(struct session *s)
{
	(void)s;
	return false;
}

static const struct session_ops ops = {
	.write = write_out,
	.write_raw = write_out,
	.read = read_nothing,
	.wait = nothing,
	.wake = nothing,
	.take_interrupt = never,
	.take_detach = never,
	.discard = nothing,
};

int main(int argc, char **argv)
{
	struct session s;
	int ret = 0;

	session_init(&s, &ops, NULL);
	if (argc < 2) {
		return command_run_line(&s, "help --markdown") != 0;
	}
	for (int i = 1; ret == 0 && i < argc; i++) {
		ret = command_run_line(&s, argv[i]);
	}
	return ret != 0;
}
