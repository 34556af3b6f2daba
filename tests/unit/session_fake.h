/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session whose screen is a buffer and whose keyboard is a string. */
#ifndef TESTS_SESSION_FAKE_H
#define TESTS_SESSION_FAKE_H

#include <core/session.h>
#include <string.h>

static char screen[65536];
static size_t screen_n;
static const char *keyboard = ""; /* what is still to be typed */
static bool key_interrupt, key_detach;
static unsigned int wakes, discards;

static void fake_write(struct session *s, const uint8_t *buf, size_t n)
{
	(void)s;
	n = MIN(n, sizeof(screen) - 1 - screen_n);
	memcpy(screen + screen_n, buf, n);
	screen_n += n;
	screen[screen_n] = '\0';
}

static void fake_show(struct session *s, const struct session_row *row)
{
	fake_write(s, row->out, row->out_n);
}

static hostcon_divert_t fake_divert;
static void *fake_divert_ctx;

static void fake_divert_log(struct session *s, hostcon_divert_t divert,
			    void *ctx)
{
	(void)s;
	fake_divert = divert;
	fake_divert_ctx = ctx;
}

static void fake_write_log(struct session *s, const char *text, size_t n)
{
	fake_write(s, (const uint8_t *)text, n);
}

static size_t fake_read(struct session *s, uint8_t *buf, size_t n)
{
	(void)s;
	n = MIN(n, strlen(keyboard));
	memcpy(buf, keyboard, n);
	keyboard += n;
	return n;
}

static void fake_wait(struct session *s)
{
	(void)s;
}

static void fake_wake(struct session *s)
{
	(void)s;
	wakes++;
}

static bool fake_take_interrupt(struct session *s)
{
	bool was = key_interrupt;

	(void)s;
	key_interrupt = false;
	return was;
}

static bool fake_take_detach(struct session *s)
{
	bool was = key_detach;

	(void)s;
	key_detach = false;
	return was;
}

static void fake_discard(struct session *s)
{
	(void)s;
	discards++;
	keyboard = "";
}

static const struct session_ops fake_session_ops = {
	.write = fake_write,
	.write_raw = fake_write,
	.show = fake_show,
	.divert_log = fake_divert_log,
	.write_log = fake_write_log,
	.read = fake_read,
	.wait = fake_wait,
	.wake = fake_wake,
	.take_interrupt = fake_take_interrupt,
	.take_detach = fake_take_detach,
	.discard = fake_discard,
};

static inline void screen_clear(void)
{
	screen_n = 0;
	screen[0] = '\0';
}

static inline void fake_session_init(struct session *s)
{
	session_init(s, &fake_session_ops, NULL);
	screen_clear();
	keyboard = "";
	key_interrupt = false;
	key_detach = false;
	wakes = 0;
	discards = 0;
}

#endif
