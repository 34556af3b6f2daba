/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formatted text into a buffer: snprintf() without floating point. */
#include <libs/types.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	FLAG_LEFT = 1,
	FLAG_PLUS = 2,
	FLAG_SPACE = 4,
	FLAG_ALT = 8,
	FLAG_ZERO = 16,
};

struct sink {
	char *buf;
	size_t size; /* of buf */
	size_t len;  /* of the whole text */
};

struct spec {
	unsigned int flags;
	int width;
	int precision; /* -1: none given */
	int length;    /* size of the integer argument in bytes */
	char conversion;
};

static void printf_putc(struct sink *out, char c)
{
	if (out->len + 1 < out->size) {
		out->buf[out->len] = c;
	}
	out->len++;
}

static void printf_pad(struct sink *out, char c, int n)
{
	for (; n > 0; n--) {
		printf_putc(out, c);
	}
}

/* `n` bytes of s, padded with spaces to the width. */
static void printf_text(struct sink *out, const struct spec *sp, const char *s,
			size_t n)
{
	int pad = sp->width > (int)n ? sp->width - (int)n : 0;

	if (!(sp->flags & FLAG_LEFT)) {
		printf_pad(out, ' ', pad);
	}
	for (size_t i = 0; i < n; i++) {
		printf_putc(out, s[i]);
	}
	if (sp->flags & FLAG_LEFT) {
		printf_pad(out, ' ', pad);
	}
}

static void printf_string(struct sink *out, const struct spec *sp,
			  const char *s)
{
	if (s == NULL) {
		s = "(null)";
	}
	printf_text(out, sp, s,
		    sp->precision < 0 ? strlen(s)
				      : strnlen(s, (size_t)sp->precision));
}

/* Digits end at buf + size; the number of them is returned. */
static int printf_digits(char *end, uint64_t v, unsigned int base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int n = 0;

	for (; v != 0; v /= base) {
		*--end = digits[v % base];
		n++;
	}
	return n;
}

static unsigned int printf_base(char conversion)
{
	switch (conversion) {
	case 'x':
	case 'X':
	case 'p':
		return 16;
	case 'o':
		return 8;
	default:
		return 10;
	}
}

static const char *printf_prefix(const struct spec *sp, uint64_t v,
				 bool negative)
{
	bool is_signed = sp->conversion == 'd' || sp->conversion == 'i';

	if (negative) {
		return "-";
	}
	if (is_signed && (sp->flags & FLAG_PLUS)) {
		return "+";
	}
	if (is_signed && (sp->flags & FLAG_SPACE)) {
		return " ";
	}
	if (sp->conversion == 'p' ||
	    (sp->conversion == 'x' && (sp->flags & FLAG_ALT) && v != 0)) {
		return "0x";
	}
	if (sp->conversion == 'X' && (sp->flags & FLAG_ALT) && v != 0) {
		return "0X";
	}
	return "";
}

/* C11 7.21.6.1: sign or prefix, zeros up to the precision, digits. */
static void printf_number(struct sink *out, const struct spec *sp, uint64_t v,
			  bool negative)
{
	char digits[24];
	char *end = digits + sizeof(digits);
	const char *prefix = printf_prefix(sp, v, negative);
	int ndigits = printf_digits(end, v, printf_base(sp->conversion),
				    sp->conversion == 'X');
	int nprefix = (int)strlen(prefix);
	int zeros = MAX(sp->precision < 0 ? 1 : sp->precision, 0) - ndigits;
	int pad;

	if (sp->conversion == 'o' && (sp->flags & FLAG_ALT) && zeros < 1) {
		zeros = 1;
	}
	zeros = MAX(zeros, 0);
	if ((sp->flags & (FLAG_ZERO | FLAG_LEFT)) == FLAG_ZERO &&
	    sp->precision < 0) {
		zeros = MAX(zeros, sp->width - nprefix - ndigits);
	}
	pad = sp->width - nprefix - zeros - ndigits;
	if (!(sp->flags & FLAG_LEFT)) {
		printf_pad(out, ' ', pad);
	}
	for (; *prefix != '\0'; prefix++) {
		printf_putc(out, *prefix);
	}
	printf_pad(out, '0', zeros);
	for (int i = ndigits; i > 0; i--) {
		printf_putc(out, end[-i]);
	}
	if (sp->flags & FLAG_LEFT) {
		printf_pad(out, ' ', pad);
	}
}

static const char *printf_flags(const char *p, struct spec *sp)
{
	static const char names[] = "-+ #0";
	const char *hit;

	for (; *p != '\0' && (hit = strchr(names, *p)) != NULL; p++) {
		sp->flags |= 1U << (hit - names);
	}
	return p;
}

/* A decimal number; one that is too large becomes a bound that no format
 * reaches. */
static const char *printf_count(const char *p, int *out)
{
	int n = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (n < 100000) {
			n = n * 10 + (*p - '0');
		}
	}
	*out = n;
	return p;
}

static const char *printf_length(const char *p, struct spec *sp)
{
	bool twice = p[0] != '\0' && p[1] == p[0];

	sp->length = sizeof(int);
	switch (*p) {
	case 'h':
		sp->length = twice ? sizeof(char) : sizeof(short);
		return p + (twice ? 2 : 1);
	case 'l':
		sp->length = twice ? sizeof(long long) : sizeof(long);
		return p + (twice ? 2 : 1);
	case 'z':
	case 't':
		sp->length = sizeof(size_t);
		return p + 1;
	case 'j':
		sp->length = sizeof(intmax_t);
		return p + 1;
	default:
		return p;
	}
}

/* In a struct, so that functions can share and advance one list: C does not
 * otherwise say what happens to a va_list that was passed on. */
struct args {
	va_list ap;
};

static const char *printf_spec(const char *p, struct spec *sp,
			       struct args *args)
{
	*sp = (struct spec){ .precision = -1 };
	p = printf_flags(p, sp);
	if (*p == '*') {
		sp->width = va_arg(args->ap, int);
		if (sp->width < 0) {
			sp->flags |= FLAG_LEFT;
			sp->width = -MAX(sp->width, -100000);
		}
		p++;
	} else {
		p = printf_count(p, &sp->width);
	}
	if (*p == '.') {
		p++;
		if (*p == '*') {
			sp->precision = va_arg(args->ap, int);
			p++;
		} else {
			p = printf_count(p, &sp->precision);
		}
	}
	p = printf_length(p, sp);
	sp->conversion = *p;
	return *p == '\0' ? p : p + 1;
}

static int64_t printf_signed_arg(const struct spec *sp, struct args *args)
{
	switch (sp->length) {
	case 1:
		return (signed char)va_arg(args->ap, int);
	case 2:
		return (short)va_arg(args->ap, int);
	case 8:
		return va_arg(args->ap, int64_t);
	default:
		return va_arg(args->ap, int);
	}
}

static uint64_t printf_unsigned_arg(const struct spec *sp, struct args *args)
{
	switch (sp->length) {
	case 1:
		return (unsigned char)va_arg(args->ap, unsigned int);
	case 2:
		return (unsigned short)va_arg(args->ap, unsigned int);
	case 8:
		return va_arg(args->ap, uint64_t);
	default:
		return va_arg(args->ap, unsigned int);
	}
}

/* Print one argument; false for a conversion that does not exist. */
static bool printf_convert(struct sink *out, struct spec *sp, struct args *args)
{
	int64_t sv;
	char c;

	switch (sp->conversion) {
	case 'd':
	case 'i':
		sv = printf_signed_arg(sp, args);
		printf_number(out, sp, sv < 0 ? 0 - (uint64_t)sv : (uint64_t)sv,
			      sv < 0);
		return true;
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		printf_number(out, sp, printf_unsigned_arg(sp, args), false);
		return true;
	case 'p':
		printf_number(out, sp, (uintptr_t)va_arg(args->ap, void *),
			      false);
		return true;
	case 's':
		printf_string(out, sp, va_arg(args->ap, const char *));
		return true;
	case 'c':
		c = (char)va_arg(args->ap, int);
		printf_text(out, sp, &c, 1);
		return true;
	case '%':
		printf_putc(out, '%');
		return true;
	default:
		return false;
	}
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct sink out = { .buf = buf, .size = size };
	struct args args;
	struct spec sp;

	va_copy(args.ap, ap);
	while (*fmt != '\0') {
		const char *start = fmt;

		if (*fmt != '%') {
			printf_putc(&out, *fmt++);
			continue;
		}
		fmt = printf_spec(fmt + 1, &sp, &args);
		if (printf_convert(&out, &sp, &args)) {
			continue;
		}
		while (start < fmt) {
			printf_putc(&out, *start++);
		}
	}
	va_end(args.ap);
	if (size > 0) {
		buf[MIN(out.len, size - 1)] = '\0';
	}
	return (int)out.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
