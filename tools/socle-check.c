/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socle-check: checks a guest description without a hypervisor, with the code
 * that the hypervisor checks it with.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <core/guest_config.h>
#include <libs/error.h>
#include <libs/parse.h>

#include "core/guest/reference.h"

#define TREE_MAX MIB(2)
#define SEED_SIZE 32

static const char usage[] =
	"Usage: socle-check [OPTION]... FILE...\n"
	"Check guest descriptions, as sources (.dts, through dtc) or blobs "
	"(.dtb).\n\n"
	"  --dtb           write the operating system's device tree to "
	"standard output\n"
	"  --reference     print the reference page of guest descriptions\n"
	"  --host-cpus=N   the host has N CPUs\n"
	"  --ipa-bits=N    guests have N address bits\n"
	"  --gic=2|3       the host has this interrupt controller\n"
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

/*
 * dtc tells of syntax. Its warnings are left out: they miss what has a default
 * in a description (reg, interrupt-parent), and the rest is ours to check.
 */
static bool check_compile(const char *path, struct blob *out)
{
	int ends[2], status;
	bool ok;
	FILE *in;
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
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("dtc", "dtc", "-q", "-I", "dts", "-O", "dtb", "--", path,
		       (char *)NULL);
		fprintf(stderr, "socle-check: dtc is missing: install the "
				"package device-tree-compiler\n");
		_exit(127);
	}
	close(ends[1]);
	in = fdopen(ends[0], "rb");
	ok = in && check_read(in, out);
	if (in) {
		fclose(in);
	}
	return waitpid(pid, &status, 0) == pid && ok && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

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

int main(int argc, char **argv)
{
	enum { HELP, DTB, REFERENCE, HOST_CPUS, IPA_BITS, GIC, FREE };
	static const struct option options[] = {
		[HELP] = { "help", no_argument, NULL, 0 },
		[DTB] = { "dtb", no_argument, NULL, 0 },
		[REFERENCE] = { "reference", no_argument, NULL, 0 },
		[HOST_CPUS] = { "host-cpus", required_argument, NULL, 0 },
		[IPA_BITS] = { "ipa-bits", required_argument, NULL, 0 },
		[GIC] = { "gic", required_argument, NULL, 0 },
		[FREE] = { "free", required_argument, NULL, 0 },
		{ NULL, 0, NULL, 0 },
	};
	struct config_limits limits = { .host_cpus = 0 };
	bool write_tree = false, ok = true;
	int c, which;

	while ((c = getopt_long(argc, argv, "", options, &which)) == 0) {
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
		case GIC:
			limits.gic_version =
				(uint32_t)check_number("gic", optarg, 2, 3);
			limits.gicv2_ok = limits.gic_version == 2;
			limits.gicv3_ok = limits.gic_version == 3;
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
