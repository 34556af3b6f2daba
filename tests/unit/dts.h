/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For unit tests: device tree source text to blob, through dtc. */
#ifndef TESTS_UNIT_DTS_H
#define TESTS_UNIT_DTS_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DTS_MAX 65536

struct dts_blob {
	_Alignas(8) uint8_t data[DTS_MAX];
	size_t size;
};

/* Run dtc on the open files. Its warnings are ignored. */
static inline void dts_exec(int in, int out)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	execlp("dtc", "dtc", "-q", "-q", "-f", "-I", "dts", "-O", "dtb", "-",
	       (char *)NULL);
	perror("dtc");
	_exit(127);
}

/* Ends the test program if there is no dtc. */
static inline void dts_compile(const char *text, struct dts_blob *out)
{
	FILE *in = tmpfile(), *blob = tmpfile();
	int status = -1;
	pid_t pid;

	if (!in || !blob || fputs(text, in) < 0 || fflush(in) != 0) {
		abort();
	}
	rewind(in);
	pid = fork();
	if (pid == 0) {
		dts_exec(fileno(in), fileno(blob));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "dtc failed on:\n%s\n", text);
		abort();
	}
	rewind(blob);
	memset(out->data, 0, sizeof(out->data));
	out->size = fread(out->data, 1, sizeof(out->data), blob);
	fclose(in);
	fclose(blob);
}

#endif
