/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal's tokenizer: quotes, escapes, comments. */
#include <libs/error.h>
#include <libs/tokenize.h>

struct tokenizer {
	struct tokens *t;
	const char *line;
	size_t at;   /* in line */
	size_t used; /* of t->text */
	size_t quote_at;
};

static bool tokenize_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int tokenize_fail(struct tokenizer *z, size_t at, const char *error)
{
	z->t->error = error;
	z->t->error_at = at;
	return -ERR_FORMAT;
}

/* A word begins here. */
static int tokenize_open(struct tokenizer *z)
{
	struct tokens *t = z->t;

	if (t->argc == TOKENS_MAX) {
		return tokenize_fail(z, z->at, "too many words");
	}
	t->start[t->argc] = z->at;
	t->argv[t->argc++] = t->text + z->used;
	t->open = true;
	return 0;
}

static void tokenize_put(struct tokenizer *z, char c)
{
	z->t->text[z->used++] = c;
}

static void tokenize_close(struct tokenizer *z)
{
	tokenize_put(z, '\0');
	z->t->open = false;
}

/* One character within a word; the word ends at a blank outside quotes. */
static int tokenize_char(struct tokenizer *z)
{
	struct tokens *t = z->t;
	char c = z->line[z->at];

	if (c == '\\' && t->quote != '\'') {
		if (z->line[z->at + 1] == '\0') {
			return tokenize_fail(z, z->at,
					     "nothing follows the backslash");
		}
		tokenize_put(z, z->line[++z->at]);
	} else if (t->quote != 0) {
		if (c == t->quote) {
			t->quote = 0;
		} else {
			tokenize_put(z, c);
		}
	} else if (c == '\'' || c == '"') {
		t->quote = c;
		z->quote_at = z->at;
	} else if (tokenize_blank(c)) {
		tokenize_close(z);
	} else {
		tokenize_put(z, c);
	}
	z->at++;
	return 0;
}

static int tokenize_words(struct tokenizer *z)
{
	struct tokens *t = z->t;
	int ret = 0;

	while (ret == 0 && z->line[z->at] != '\0') {
		char c = z->line[z->at];

		/* Each word's terminator stands for a blank or the end. */
		if (z->used + 2 > sizeof(t->text)) {
			return tokenize_fail(z, z->at, "the line is too long");
		}
		if (t->open) {
			ret = tokenize_char(z);
		} else if (tokenize_blank(c)) {
			z->at++;
		} else if (c == '#') {
			t->comment = true;
			return 0;
		} else {
			ret = tokenize_open(z);
		}
	}
	return ret;
}

int tokenize(struct tokens *t, const char *line)
{
	struct tokenizer z = { .t = t, .line = line };
	int ret;

	t->argc = 0;
	t->open = false;
	t->quote = 0;
	t->comment = false;
	t->error = NULL;
	t->error_at = 0;
	ret = tokenize_words(&z);
	if (t->open) {
		t->text[z.used] = '\0';
	}
	t->argv[t->argc] = NULL;
	if (ret == 0 && t->quote != 0) {
		ret = tokenize_fail(&z, z.quote_at, "the quote is not closed");
	}
	return ret;
}
