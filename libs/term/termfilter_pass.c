/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filter of what guests send to terminals: which sequences pass, and how
 * what they set is taken back. Names and meanings: ECMA-48 8.3, DEC STD 070,
 * and xterm's control sequences.
 */
#include "termfilter_priv.h"
#include <stdio.h>
#include <string.h>

#define CSI_PARAMS 32   /* of one sequence */
#define CSI_VALUE 32767 /* of one parameter: a bound for terminals' loops */
#define CSI_DIGITS 5
#define CSI_NO_MODE 0xffff /* an empty parameter, where a mode is meant */

struct csi {
	uint8_t private; /* '?', or '<', '=', '>', or 0 */
	uint8_t middle;  /* an intermediate byte, or 0 */
	uint8_t final;
	bool colons;
	unsigned int n;
	uint16_t param[CSI_PARAMS];
};

/* Sequences without private or intermediate bytes that pass as they are. */
static const struct {
	uint8_t final;
	uint8_t params; /* at most */
	uint16_t value; /* of each, at most */
	bool off_row;
} csi_passing[] = {
	{ '@', 1, CSI_VALUE, false }, /* ICH */
	{ 'A', 1, CSI_VALUE, true },  /* CUU */
	{ 'B', 1, CSI_VALUE, true },  /* CUD */
	{ 'C', 1, CSI_VALUE, false }, /* CUF */
	{ 'D', 1, CSI_VALUE, false }, /* CUB */
	{ 'E', 1, CSI_VALUE, true },  /* CNL */
	{ 'F', 1, CSI_VALUE, true },  /* CPL */
	{ 'G', 1, CSI_VALUE, false }, /* CHA */
	{ 'H', 2, CSI_VALUE, true },  /* CUP */
	{ 'I', 1, CSI_VALUE, false }, /* CHT */
	{ 'J', 1, 2, true },          /* ED, but not of the scrollback */
	{ 'K', 1, 2, false },         /* EL */
	{ 'L', 1, CSI_VALUE, true },  /* IL */
	{ 'M', 1, CSI_VALUE, true },  /* DL */
	{ 'P', 1, CSI_VALUE, false }, /* DCH */
	{ 'S', 1, CSI_VALUE, true },  /* SU */
	{ 'T', 1, CSI_VALUE, true },  /* SD; with five: xterm's tracking */
	{ 'X', 1, CSI_VALUE, false }, /* ECH */
	{ 'Z', 1, CSI_VALUE, false }, /* CBT */
	{ '`', 1, CSI_VALUE, false }, /* HPA */
	{ 'a', 1, CSI_VALUE, false }, /* HPR */
	{ 'b', 1, CSI_VALUE, false }, /* REP */
	{ 'd', 1, CSI_VALUE, true },  /* VPA */
	{ 'e', 1, CSI_VALUE, true },  /* VPR */
	{ 'f', 2, CSI_VALUE, true },  /* HVP */
	{ 'm', CSI_PARAMS, CSI_VALUE, false }, /* SGR */
	{ 'r', 2, CSI_VALUE, true },           /* DECSTBM */
	{ 's', 0, 0, false },                  /* SCOSC; with any: DECSLRM */
	{ 'u', 0, 0, true },                   /* SCORC */
};

/*
 * DEC private modes that pass. Not, for example: 2 (VT52), 3 and 40 (width),
 * 8, 18, 19, 42, 67, 69 (margins), 1001 (waits for a program), 1005 and 1015
 * (mouse reports that look like text), 1034 to 1039 (keyboard).
 */
static const uint16_t dec_modes[] = {
	1,          /* DECCKM: cursor keys */
	5,          /* DECSCNM: reverse video */
	6,          /* DECOM: origin at the scroll region */
	7,          /* DECAWM: wrap */
	12,         /* blinking cursor */
	25,         /* DECTCEM: cursor */
	47,         /* alternate screen, and 1047 and 1049 */
	1000,       /* mouse: buttons */
	1002,       /* and drags */
	1003,       /* and moves */
	1004,       /* focus */
	1006,       /* mouse reports as control sequences */
	1047, 1048, /* save the cursor */
	1049, 2004, /* pastes are marked */
};

void termfilter_defaults(struct termfilter *f)
{
	f->alternate = 0;
	f->region = false;
	f->shape = false;
	f->sgr_n = 0;
	f->charset[0] = 'B';
	f->charset[1] = 'B';
	f->shifted = false;
}

static void pass_str(struct termfilter *f, const char *s)
{
	termfilter_put(f, s, strlen(s));
}

/* RIS and DECSTR: pass what termfilter_leave() sends instead, which leaves the
 * person's scrollback and settings alone. */
static void pass_reset(struct termfilter *f, bool hard)
{
	f->out_n += termfilter_leave(f, false, f->out + f->out_n);
	if (hard) {
		pass_str(f, "\033[H\033[2J");
	}
	f->off_row = true;
	termfilter_defaults(f);
}

/* DECSC, DECRC, IND, NEL, RI, DECKPAM, DECKPNM, RIS; SCS for ASCII and the
 * line drawing set, G0 and G1. Not DECID, which is answered; DECALN. */
void termfilter_pass_esc(struct termfilter *f)
{
	uint8_t c = f->seq[0];

	if (f->seq_n == 1 && c == 'c') {
		pass_reset(f, true);
	} else if (f->seq_n == 1 && strchr("78DEM=>", c) != NULL) {
		f->off_row = strchr("8DEM", c) != NULL;
		pass_str(f, "\033");
		termfilter_put(f, f->seq, 1);
	} else if (f->seq_n == 2 && (c == '(' || c == ')') &&
		   (f->seq[1] == 'B' || f->seq[1] == '0')) {
		f->charset[c == ')'] = f->seq[1];
		pass_str(f, "\033");
		termfilter_put(f, f->seq, 2);
	}
}

/* One parameter, digits and (for SGR's subparameters) colons. */
static bool csi_param(struct csi *csi, const uint8_t *p, size_t n)
{
	uint32_t value = 0;
	unsigned int digits = 0;

	if (csi->n == CSI_PARAMS) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (p[i] == ':') {
			csi->colons = true;
			value = 0;
			digits = 0;
		} else if (p[i] < '0' || p[i] > '9') {
			return false;
		} else {
			value = value * 10 + (p[i] - '0');
			digits++;
		}
		if (value > CSI_VALUE || digits > CSI_DIGITS) {
			return false;
		}
	}
	csi->param[csi->n++] = n > 0 ? (uint16_t)value : CSI_NO_MODE;
	return true;
}

static bool csi_parse(struct csi *csi, const uint8_t *seq, size_t n)
{
	size_t from = 0, end = n - 1;

	memset(csi, 0, sizeof(*csi));
	csi->final = seq[end];
	if (end > 0 && seq[end - 1] < 0x30) {
		csi->middle = seq[--end];
	}
	if (end > 0 && seq[0] >= '<') {
		csi->private = seq[from++];
	}
	while (from < end) {
		const uint8_t *semicolon = memchr(seq + from, ';', end - from);
		size_t to = semicolon != NULL ? (size_t)(semicolon - seq) : end;

		if (!csi_param(csi, seq + from, to - from)) {
			return false;
		}
		from = to + 1;
	}
	return true;
}

/* What has been set since everything was last reset. */
static void sgr_note(struct termfilter *f, const struct csi *csi)
{
	size_t n = f->seq_n + 2;

	if (csi->n == 0 || csi->param[0] == 0 || csi->param[0] == CSI_NO_MODE) {
		f->sgr_n = 0;
	}
	if (csi->n == 0 ||
	    (csi->n == 1 && f->sgr_n == 0 &&
	     (csi->param[0] == 0 || csi->param[0] == CSI_NO_MODE))) {
		return;
	}
	if (f->sgr_n + n > sizeof(f->sgr)) {
		f->sgr_n = 0; /* the latest matters most */
	}
	if (n <= sizeof(f->sgr)) {
		memcpy(f->sgr + f->sgr_n, "\033[", 2);
		memcpy(f->sgr + f->sgr_n + 2, f->seq, f->seq_n);
		f->sgr_n += n;
	}
}

static void pass_whole(struct termfilter *f)
{
	pass_str(f, "\033[");
	termfilter_put(f, f->seq, f->seq_n);
}

static void pass_plain(struct termfilter *f, const struct csi *csi)
{
	for (size_t i = 0; i < ARRAY_SIZE(csi_passing); i++) {
		if (csi_passing[i].final != csi->final) {
			continue;
		}
		if (csi->n > csi_passing[i].params ||
		    (csi->colons && csi->final != 'm')) {
			return;
		}
		for (unsigned int k = 0; k < csi->n; k++) {
			if (csi->param[k] != CSI_NO_MODE &&
			    csi->param[k] > csi_passing[i].value) {
				return;
			}
		}
		if (csi->final == 'm') {
			sgr_note(f, csi);
		}
		f->region |= csi->final == 'r' && csi->n > 0;
		f->off_row = csi_passing[i].off_row;
		pass_whole(f);
		return;
	}
}

static void mode_note(struct termfilter *f, uint16_t mode, bool on)
{
	if (mode == 47 || mode == 1047 || mode == 1049) {
		f->alternate = on ? mode : 0;
		f->off_row = true;
	} else if (mode == 6) {
		f->region |= on;
		f->off_row = true;
	} else if (mode == 1048) {
		f->off_row = true;
	}
}

/* SM and RM: of the modes, those that may pass. */
static void pass_modes(struct termfilter *f, const struct csi *csi)
{
	bool any = false;
	char text[8];

	for (unsigned int i = 0; i < csi->n; i++) {
		bool known = csi->private == 0 && csi->param[i] == 4; /* IRM */

		for (size_t k = 0; k < ARRAY_SIZE(dec_modes); k++) {
			known |= csi->private != 0 &&
				 dec_modes[k] == csi->param[i];
		}
		if (!known) {
			continue;
		}
		pass_str(f, any ? ";" : csi->private != 0 ? "\033[?" : "\033[");
		(void)snprintf(text, sizeof(text), "%u", csi->param[i]);
		pass_str(f, text);
		if (csi->private != 0) {
			mode_note(f, csi->param[i], csi->final == 'h');
		}
		any = true;
	}
	if (any) {
		termfilter_put(f, &csi->final, 1);
	}
}

void termfilter_pass_csi(struct termfilter *f)
{
	struct csi csi;

	if (!csi_parse(&csi, f->seq, f->seq_n)) {
		return;
	}
	if (csi.middle != 0) {
		/* DECSTR, DECSCUSR; not DECRQM, DECRQCRA and their like. */
		if (csi.private == 0 && csi.middle == '!' && csi.final == 'p') {
			pass_reset(f, false);
		} else if (csi.private == 0 && csi.middle == ' ' &&
			   csi.final == 'q' && csi.n <= 1 && !csi.colons) {
			f->shape = true;
			pass_whole(f);
		}
	} else if ((csi.final == 'h' || csi.final == 'l') && !csi.colons &&
		   (csi.private == 0 || csi.private == '?')) {
		pass_modes(f, &csi);
	} else if (csi.private == 0 ||
		   (csi.private == '?' &&
		    (csi.final == 'J' || csi.final == 'K'))) {
		/* DECSED and DECSEL are ED and EL. */
		pass_plain(f, &csi);
	}
}

size_t termfilter_attrs(const struct termfilter *f, uint8_t *buf)
{
	size_t n = f->sgr_n;

	memcpy(buf, f->sgr, n);
	for (unsigned int i = 0; i < ARRAY_SIZE(f->charset); i++) {
		if (f->charset[i] != 'B') {
			buf[n++] = 0x1b;
			buf[n++] = i == 0 ? '(' : ')';
			buf[n++] = f->charset[i];
		}
	}
	if (f->shifted) {
		buf[n++] = 0x0e;
	}
	return n;
}

/*
 * For raw output only, because a terminal that does not know these might show
 * them. CAN and ST end any sequence or string; "ESC <" leaves VT52 mode; 7-bit
 * answers; UTF-8; keyboard unlocked, no local echo, no LNM; no left and right
 * margins; xterm's and kitty's keyboard protocols and the older mouse modes
 * off; and back to the main screen.
 */
#define LEAVE_RAW \
	"\030\033\\\033<\033 F\033%G\033[2l\033[12h\033[20l\033[?69l" \
	"\033[>4m\033[=0u\033[?9;1001;1005;1015;1016;2026l\033[?1047l"
/* Charsets; attributes; keys; insertion; video, wrap, cursor; mouse, focus;
 * marks of pastes. */
#define LEAVE_ALL \
	"\033(B\033)B\017\033[m\033[?1l\033>\033[4l\033[?5l\033[?7h" \
	"\033[?12l\033[?25h\033[?1000l\033[?1002l\033[?1003l\033[?1004l" \
	"\033[?1006l\033[?2004l"
/* A scroll region's end moves the cursor: to the last row. */
#define LEAVE_REGION "\033[r\033[?6l\033[9999;1H"
#define LEAVE_SHAPE "\033[0 q"

size_t termfilter_leave(const struct termfilter *f, bool raw, uint8_t *buf)
{
	char alternate[16] = "";
	int n;

	if (f->alternate != 0) {
		(void)snprintf(alternate, sizeof(alternate), "\033[?%ul",
			       f->alternate);
	}
	n = snprintf((char *)buf, TERMFILTER_LEAVE, "%s%s%s%s%s",
		     raw ? LEAVE_RAW : "", alternate,
		     raw || f->region ? LEAVE_REGION : "",
		     raw || f->shape ? LEAVE_SHAPE : "", LEAVE_ALL);
	return (size_t)n;
}
