/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptions that are valid, or invalid with the given messages. */
#ifndef TESTS_CONFIG_CHECK_H
#define TESTS_CONFIG_CHECK_H

#define MODEL "compatible = \"socle,guest\"; model = \"g\"; "
#define CELLS "#address-cells = <2>; #size-cells = <2>; "
#define BOOT "boot { kernel = \"/images/Image\"; }; "
#define RAM "memory = \"64M\"; "

static struct dts_blob blob;
static char told[32768];
static unsigned int told_count;

static void report(void *ctx, const char *message)
{
	assert_ptr_equal(ctx, told);
	assert_true(strlen(told) + strlen(message) + 2 < sizeof(told));
	strcat(told, message);
	strcat(told, "\n");
	told_count++;
}

static int parse(const char *body, const struct config_limits *limits,
		 struct guest_config **cfg)
{
	static char text[32768];

	snprintf(text, sizeof(text), "/dts-v1/; / { %s };", body);
	dts_compile(text, &blob);
	told[0] = '\0';
	told_count = 0;
	return config_parse(cfg, blob.data, blob.size, limits, report, told);
}

static struct guest_config *good_on(const char *body,
				    const struct config_limits *limits)
{
	struct guest_config *cfg = NULL;
	int err = parse(body, limits, &cfg);

	if (err != 0) {
		print_error("%s", told);
	}
	assert_int_equal(err, 0);
	assert_string_equal(told, "");
	return cfg;
}

static struct guest_config *good(const char *body)
{
	return good_on(body, NULL);
}

/* Expect exactly these mistakes, in any order, each on a line. */
static void bad_on(const char *body, const struct config_limits *limits,
		   unsigned int count, const char *lines)
{
	struct guest_config *cfg;
	char copy[2048], *line;

	assert_int_equal(parse(body, limits, &cfg), -ERR_FORMAT);
	if (told_count != count) {
		print_error("%s", told);
	}
	assert_int_equal(told_count, count);
	snprintf(copy, sizeof(copy), "%s", lines);
	for (line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
		if (!strstr(told, line)) {
			print_error("wanted: %s\ntold: %s", line, told);
		}
		assert_non_null(strstr(told, line));
	}
}

static void bad(const char *body, const char *lines)
{
	unsigned int count = 0;
	const char *s;

	for (s = lines; *s != '\0'; s++) {
		count += *s == '\n';
	}
	bad_on(body, NULL, count, lines);
}

static __unused const struct config_device *
device(const struct guest_config *cfg, const char *name)
{
	uint32_t i;

	for (i = 0; i < cfg->ndevices; i++) {
		if (strcmp(cfg->devices[i].name, name) == 0) {
			return &cfg->devices[i];
		}
	}
	return NULL;
}

#endif
