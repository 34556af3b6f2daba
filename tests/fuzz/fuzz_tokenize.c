/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any line through the tokenizer. */
#include <stdlib.h>
#include <string.h>

#include <libs/tokenize.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tokens *t = malloc(sizeof(*t));
	char *line = malloc(size + 1);
	int ret;

	memcpy(line, data, size);
	line[size] = '\0';
	ret = tokenize(t, line);
	if ((ret != 0) != (t->error != NULL) || t->argc > TOKENS_MAX ||
	    t->argv[t->argc] != NULL) {
		abort();
	}
	for (int i = 0; i < t->argc; i++) {
		if (t->start[i] >= strlen(line) ||
		    t->argv[i] + strlen(t->argv[i]) >=
			    t->text + sizeof(t->text)) {
			abort();
		}
	}
	free(line);
	free(t);
	return 0;
}
