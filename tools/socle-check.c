/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socle-check: checks a guest description without a hypervisor, with the code
 * that the hypervisor checks it with.
 */
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arch/guest_platform.h>
#include <core/guest_config.h>
#include <core/guest_platform.h>
#include <libs/error.h>
#include <libs/parse.h>

#include "core/guest/reference.h"

#define TREE_MAX MIB(2)
#define SEED_SIZE 32
#define INCLUDE_MAX 32 /* directories, with those that are not given: */
#define OWN_INCLUDES 3

static const char usage[] =
	"Usage: socle-check [OPTION]... FILE...\n"
	"Check guest descriptions, as sources (.dts, through cpp and dtc) or "
	"blobs\n(.dtb).\n\n"
	"  -I DIR          sources' #include looks there too: after their own "
	"directory,\n"
	"                  before ../include and the include/ of this program\n"
	"  --dtb           write the operating system's device tree to "
	"standard output\n"
	"  --reference     print the reference page of guest descriptions\n"
	"  --host-cpus=N   the host has N CPUs\n"
	"  --ipa-bits=N    guests have N address bits\n"
	"  --intc=MODEL    guests of the host have this interrupt controller\n"
	"  --free=SIZE     the host has so much memory for guests, e.g. 4G\n"
	"\nExit status: 0 when all are right, 1 when there are mistakes, 2 "
	"for wrong use.\n";

struct blob {
	uint8_t *data;
	size_t size;
};

static void check_line(const char *s)
{
	puts(s);
}

static void check_report(void *ctx, const char *message)
{
	fprintf(stderr, "%s: %s\n", (const char *)ctx, message);
}

static bool check_read(FILE *in, struct blob *out)
{
	size_t room = 0;

	*out = (struct blob){ NULL, 0 };
	do {
		uint8_t *more;

		room = room ? room * 2 : KIB(64);
		more = realloc(out->data, room);
		if (!more) {
			return false;
		}
		out->data = more;
		out->size +=
			fread(out->data + out->size, 1, room - out->size, in);
	} while (out->size == room && room < MIB(64));
	return !ferror(in);
}

static bool check_is_source(const char *path)
{
	size_t n = strlen(path);

	return n > 4 && strcmp(path + n - 4, ".dts") == 0;
}

/* --- sources ------------------------------------------------------------- */

/* Where #include <...>, /include/ and /incbin/ look, after the directory of the
 * source: -I, a bundle's include/ beside its guests/, and ours. */
static char check_include[INCLUDE_MAX][PATH_MAX];
static unsigned int check_includes;

static bool check_add_include(const char *dir, const char *below)
{
	int n;

	if (check_includes == INCLUDE_MAX) {
		return false;
	}
	n = snprintf(check_include[check_includes], PATH_MAX, "%s%s", dir,
		     below);
	if (n < 0 || n >= PATH_MAX) {
		return false;
	}
	check_includes++;
	return true;
}

/* Beside the program, where `make tools` puts them. */
static bool check_add_own_include(void)
{
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (n < 0) {
		return false;
	}
	program[n] = '\0';
	return check_add_include(dirname(program), "/include");
}

/* A command line, NULL at its end; what is added is not copied. */
struct command {
	const char *package;
	const char *argv[2 * INCLUDE_MAX + 16];
	unsigned int argc;
};

static void check_arg(struct command *c, const char *arg)
{
	c->argv[c->argc++] = arg;
}

static void check_include_args(struct command *c, const char *option)
{
	for (unsigned int i = 0; i < check_includes; i++) {
		check_arg(c, option);
		check_arg(c, check_include[i]);
	}
}

/* Run it from file `in` to `out`, which is read while it runs. */
static bool check_run(const struct command *c, FILE *in, struct blob *out)
{
	int ends[2], status;
	bool ok;
	FILE *pipe_end;
	pid_t pid;

	if (pipe(ends) != 0) {
		return false;
	}
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		return false;
	}
	if (pid == 0) {
		dup2(fileno(in), STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execvp(c->argv[0], (char *const *)(uintptr_t)c->argv);
		fprintf(stderr,
			"socle-check: %s is missing: install the package %s\n",
			c->argv[0], c->package);
		_exit(127);
	}
	close(ends[1]);
	pipe_end = fdopen(ends[0], "rb");
	ok = pipe_end && check_read(pipe_end, out);
	if (pipe_end) {
		fclose(pipe_end);
	}
	return waitpid(pid, &status, 0) == pid && ok && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* As Linux compiles its own (scripts/Makefile.lib): nothing is predefined but
 * __DTS__, and what only looks like a directive (#address-cells) is left. */
static bool check_preprocess(const char *path, struct blob *text)
{
	struct command cpp = {
		.package = "cpp",
		.argv = { "cpp", "-nostdinc", "-undef", "-D__DTS__", "-x",
			  "assembler-with-cpp" },
		.argc = 6,
	};
	FILE *in = fopen(path, "rb");
	bool ok;

	if (!in) {
		perror(path);
		return false;
	}
	check_include_args(&cpp, "-I");
	check_arg(&cpp, path);
	ok = check_run(&cpp, in, text);
	fclose(in);
	return ok;
}

/*
 * dtc tells of syntax. Its warnings are left out: they miss what has a default
 * in a description (reg, interrupt-parent), and the rest is ours to check.
 */
static bool check_dtc(const struct blob *text, struct blob *out)
{
	struct command dtc = {
		.package = "device-tree-compiler",
		.argv = { "dtc", "-q", "-I", "dts", "-O", "dtb" },
		.argc = 6,
	};
	FILE *in = tmpfile();
	bool ok;

	if (!in) {
		perror("socle-check: a temporary file");
		return false;
	}
	check_include_args(&dtc, "-i");
	check_arg(&dtc, "-");
	ok = fwrite(text->data, 1, text->size, in) == text->size &&
	     fseek(in, 0, SEEK_SET) == 0 && check_run(&dtc, in, out);
	fclose(in);
	return ok;
}

static bool check_compile(const char *path, struct blob *out)
{
	unsigned int given = check_includes;
	struct blob text = { .data = NULL };
	char file[PATH_MAX], copy[PATH_MAX];
	const char *dir;
	bool ok;

	/* cpp has no "--" before what is not an option. */
	snprintf(file, sizeof(file), "%s%s", path[0] == '-' ? "./" : "", path);
	snprintf(copy, sizeof(copy), "%s", path);
	dir = dirname(copy);
	ok = check_add_include(dir, "") &&
	     check_add_include(dir, "/../include") && check_add_own_include();
	if (ok) {
		ok = check_preprocess(file, &text) && check_dtc(&text, out);
	} else {
		fprintf(stderr, "socle-check: %s: too long a path\n", path);
	}
	free(text.data);
	check_includes = given;
	return ok;
}

/* --- descriptions --------------------------------------------------------- */

static bool check_load(const char *path, struct blob *out)
{
	FILE *in;
	bool ok;

	if (check_is_source(path)) {
		return check_compile(path, out);
	}
	in = fopen(path, "rb");
	if (!in) {
		perror(path);
		return false;
	}
	ok = check_read(in, out);
	fclose(in);
	return ok;
}

static bool check_write_tree(const struct guest_config *cfg)
{
	static const uint8_t seed[SEED_SIZE];
	const struct fdtgen_info info = {
		.rng_seed = seed,
		.rng_seed_len = sizeof(seed),
		.kaslr_seed = 1,
	};
	uint8_t *tree = calloc(1, TREE_MAX);
	const uint8_t *size;
	int err = tree ? fdtgen_build(cfg, &info, tree, TREE_MAX) : -ERR_NOMEM;
	bool ok = err == 0;

	if (ok) {
		/* totalsize: second word of the header, big-endian. */
		size = tree + 4;
		ok = fwrite(tree, 1,
			    (size_t)size[0] << 24 | (size_t)size[1] << 16 |
				    (size_t)size[2] << 8 | size[3],
			    stdout) > 0;
	} else {
		fprintf(stderr, "socle-check: the tree cannot be made: %s\n",
			err_str(err));
	}
	free(tree);
	return ok;
}

static bool check_file(char *path, const struct config_limits *limits,
		       bool write_tree)
{
	struct guest_config *cfg;
	struct blob blob = { .data = NULL };
	bool ok;
	int err;

	ok = check_load(path, &blob);
	if (ok) {
		err = config_parse(&cfg, blob.data, blob.size, limits,
				   check_report, path);
		ok = err == 0;
		if (ok) {
			ok = !write_tree || check_write_tree(cfg);
			config_free(cfg);
		} else if (err != -ERR_FORMAT) {
			fprintf(stderr, "%s: %s\n", path, err_str(err));
		}
	}
	free(blob.data);
	return ok;
}

static uint64_t check_size(const char *option, const char *value)
{
	uint64_t size;

	if (parse_size(value, &size) < 0 || size == 0) {
		fprintf(stderr,
			"socle-check: --%s: found %s; allowed a size such as "
			"900M or 4G\n",
			option, value);
		exit(2);
	}
	return size;
}

static uint64_t check_number(const char *option, const char *value,
			     uint64_t min, uint64_t max)
{
	uint64_t number;

	if (parse_u64(value, &number) < 0 || number < min || number > max) {
		fprintf(stderr,
			"socle-check: --%s: found %s; allowed %llu..%llu\n",
			option, value, (unsigned long long)min,
			(unsigned long long)max);
		exit(2);
	}
	return number;
}

/* The id of the model of that name. */
static uint32_t check_intc(const char *name)
{
	const struct guest_platform *p = &arch_guest_platform;

	for (unsigned int i = 0; i < p->nintcs; i++) {
		if (strcmp(p->intcs[i].name, name) == 0) {
			return p->intcs[i].id;
		}
	}
	fprintf(stderr, "socle-check: --intc: found %s; allowed", name);
	for (unsigned int i = 0; i < p->nintcs; i++) {
		fprintf(stderr, "%s %s", i ? "," : "", p->intcs[i].name);
	}
	fprintf(stderr, "\n");
	exit(2);
}

int main(int argc, char **argv)
{
	enum { HELP, DTB, REFERENCE, HOST_CPUS, IPA_BITS, INTC, FREE };
	static const struct option options[] = {
		[HELP] = { "help", no_argument, NULL, 0 },
		[DTB] = { "dtb", no_argument, NULL, 0 },
		[REFERENCE] = { "reference", no_argument, NULL, 0 },
		[HOST_CPUS] = { "host-cpus", required_argument, NULL, 0 },
		[IPA_BITS] = { "ipa-bits", required_argument, NULL, 0 },
		[INTC] = { "intc", required_argument, NULL, 0 },
		[FREE] = { "free", required_argument, NULL, 0 },
		{ NULL, 0, NULL, 0 },
	};
	struct config_limits limits = { .host_cpus = 0 };
	bool write_tree = false, ok = true;
	int c, which;

	while ((c = getopt_long(argc, argv, "I:", options, &which)) == 0 ||
	       c == 'I') {
		if (c == 'I') {
			if (check_includes == INCLUDE_MAX - OWN_INCLUDES ||
			    !check_add_include(optarg, "")) {
				fprintf(stderr, "socle-check: too many -I\n");
				return 2;
			}
			continue;
		}
		switch (which) {
		case HELP:
			fputs(usage, stdout);
			return 0;
		case DTB:
			write_tree = true;
			break;
		case REFERENCE:
			reference_print(check_line);
			return 0;
		case HOST_CPUS:
			limits.host_cpus = (uint32_t)check_number(
				"host-cpus", optarg, 1, CONFIG_MAX_CPUS);
			break;
		case IPA_BITS:
			limits.ipa_bits = (uint32_t)check_number(
				"ipa-bits", optarg, 32, 48);
			break;
		case INTC:
			limits.intc_default = check_intc(optarg);
			limits.intc_models = (uint32_t)BIT(limits.intc_default);
			break;
		default:
			limits.free_memory = check_size("free", optarg);
			break;
		}
	}
	if (c != -1 || optind == argc) {
		fputs(usage, stderr);
		return 2;
	}
	for (; optind < argc; optind++) {
		ok = check_file(argv[optind], &limits, write_tree) && ok;
	}
	return ok ? 0 : 1;
}
