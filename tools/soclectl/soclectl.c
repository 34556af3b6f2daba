/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soclectl: the hypervisor's commands from a program or a shell, over a
 * management channel. It runs on the operator's machine and, linked statically,
 * in a guest.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soclectl.h"

#define COMMAND_SIZE 1024
#define TIMEOUT_S 60
#define TIMEOUT_MAX_S 86400

static const char usage[] =
	"usage: soclectl [-c WHERE] [-t SECONDS] COMMAND...\n"
	"       soclectl [-c WHERE] [-t SECONDS]              commands from "
	"standard input\n"
	"       soclectl [-c WHERE] watch [--json] [KIND...]  events, as they "
	"happen\n"
	"       soclectl [-c WHERE] metrics [ADDRESS:]PORT    for Prometheus, by "
	"HTTP\n"
	"       soclectl [-c WHERE] metrics                   the same, once, "
	"printed\n"
	"\n"
	"COMMAND is one of the terminal's: `soclectl help` lists them.\n"
	"KIND is guest, crash, watchdog, deadline, throttled, disk, link or "
	"denied.\n"
	"\n"
	"WHERE, or $SOCLE, is the channel's other end:\n"
	"  vsock          in a guest with a device of that kind (the default)\n"
	"  PATH           a socket, such as QEMU's -chardev socket\n"
	"  HOST:PORT      a TCP port\n"
	"  /dev/ttyUSB0   a serial device\n"
	"The hypervisor's boot argument management=DEVICE opens it on a port of "
	"the host.\n"
	"\n"
	"Exit status: 0; 1 if a command failed; 2 if the hypervisor cannot be\n"
	"reached; 3 if this guest may not do that.\n";

static void on_interrupt(int signal)
{
	(void)signal;
	channel_interrupt();
}

/* A word as the terminal's tokenizer reads it. */
static bool put_word(char *line, size_t *at, const char *word)
{
	bool plain = word[0] != '\0' && strpbrk(word, " \t\"'\\#;") == NULL;

	if (*at > 0) {
		line[(*at)++] = ' ';
	}
	for (size_t i = 0; !plain && i <= strlen(word); i++) {
		/* Quotes around; those inside are escaped. */
		if (*at + 4 > COMMAND_SIZE) {
			return false;
		}
		if (i == 0) {
			line[(*at)++] = '"';
		}
		if (word[i] == '\0') {
			line[(*at)++] = '"';
			break;
		}
		if (word[i] == '"' || word[i] == '\\') {
			line[(*at)++] = '\\';
		}
		line[(*at)++] = word[i];
	}
	if (plain) {
		if (*at + strlen(word) + 2 > COMMAND_SIZE) {
			return false;
		}
		memcpy(line + *at, word, strlen(word));
		*at += strlen(word);
	}
	line[*at] = '\0';
	return true;
}

static enum status run_words(struct channel *c, char **words)
{
	char line[COMMAND_SIZE + 2];
	size_t at = 0;

	for (; *words != NULL; words++) {
		if (!put_word(line, &at, *words)) {
			fprintf(stderr,
				"soclectl: a command has %d bytes at "
				"most\n",
				COMMAND_SIZE - 1);
			return STATUS_CONNECTION;
		}
	}
	return channel_run(c, line, NULL, NULL);
}

/* The worst of all results; the connection's end is the end. */
static enum status run_input(struct channel *c)
{
	enum status worst = STATUS_OK;
	char line[COMMAND_SIZE];

	while (fgets(line, sizeof(line), stdin) != NULL &&
	       worst != STATUS_CONNECTION) {
		enum status status;

		line[strcspn(line, "\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0') {
			continue;
		}
		status = channel_run(c, line, NULL, NULL);
		if (status == STATUS_CONNECTION || status > worst) {
			worst = status;
		}
	}
	return worst;
}

static enum status run(struct channel *c, char **words)
{
	if (words[0] == NULL) {
		return run_input(c);
	}
	if (strcmp(words[0], "watch") == 0) {
		bool json = words[1] != NULL && strcmp(words[1], "--json") == 0;

		return channel_watch(c, words + 1 + json, json);
	}
	if (strcmp(words[0], "metrics") == 0) {
		return words[1] != NULL ? metrics_serve(c, words[1])
					: metrics_print(c);
	}
	return run_words(c, words);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "connect", required_argument, NULL, 'c' },
		{ "timeout", required_argument, NULL, 't' },
		{ "complete", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *where = getenv("SOCLE"), *complete = NULL;
	struct sigaction action = { .sa_handler = on_interrupt };
	static struct channel channel;
	long timeout = TIMEOUT_S;
	enum status status;
	int option, fd;

	/* Options after the command are the command's. */
	while ((option = getopt_long(argc, argv, "+c:t:h", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'c':
			where = optarg;
			break;
		case 't':
			timeout = strtol(optarg, NULL, 10);
			break;
		case 'C':
			complete = optarg; /* for tools/soclectl/completion */
			break;
		case 'h':
			fputs(usage, stdout);
			return STATUS_OK;
		default:
			fputs(usage, stderr);
			return STATUS_CONNECTION;
		}
	}
	if (timeout < 1 || timeout > TIMEOUT_MAX_S) {
		fprintf(stderr, "soclectl: -t: 1 to %d seconds\n",
			TIMEOUT_MAX_S);
		return STATUS_CONNECTION;
	}
	fd = connect_to(where != NULL && where[0] != '\0' ? where : "vsock");
	if (fd < 0) {
		return STATUS_CONNECTION;
	}
	/* `watch` ends at once; a command is asked to. */
	if (argv[optind] == NULL || strcmp(argv[optind], "watch") != 0) {
		(void)sigaction(SIGINT, &action, NULL);
	}
	status = channel_begin(&channel, fd, (int)timeout * 1000);
	if (status == STATUS_OK) {
		status = complete != NULL ? channel_complete(&channel, complete)
					  : run(&channel, argv + optind);
	}
	close(fd);
	return (int)status;
}
