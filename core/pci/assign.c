/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses for BARs and bridges' windows.
 *
 * Sizes are powers of two, and each BAR is aligned to its size. On each bus the
 * largest is placed first, so that there are no gaps; a bridge counts as one
 * more item, with the size that the same rule gives for what is behind it.
 */
#include <core/log.h>
#include <core/pci.h>

#include "pci_priv.h"

#define IO_GRANULE KIB(4) /* of a bridge's windows */
#define MEM_GRANULE MIB(1)

/* --- sizes ------------------------------------------------------------- */

static unsigned int bar_count(const struct pci_device *p)
{
	return p->header == 0 ? PCI_BARS : PCI_BRIDGE_BARS;
}

/* Writing all ones shows which address bits exist. */
static uint32_t probe_bar(struct pci_device *p, unsigned int n, uint32_t *was)
{
	uint32_t mask;

	*was = pci_read32(p, PCI_BAR(n));
	pci_write32(p, PCI_BAR(n), ~0U);
	mask = pci_read32(p, PCI_BAR(n));
	pci_write32(p, PCI_BAR(n), *was);
	return mask;
}

/* Measure a BAR. Returns the number of registers that it takes. */
static unsigned int size_bar(struct pci_device *p, unsigned int n)
{
	struct pci_bar *bar = &p->bars[n];
	uint32_t was, high = 0;
	uint32_t low = probe_bar(p, n, &was);
	uint64_t mask;

	if (low == 0) {
		return 1;
	}
	if (low & 1) {
		/* The upper half need not be implemented (7.5.1.2.1). */
		mask = (low & ~3U) | 0xffff0000;
		bar->space = PCI_IO;
		bar->addr = was & ~3U;
		bar->size = (uint32_t)(~mask + 1);
	} else {
		bar->is_64 = (low & 6) == 4 && n + 1 < bar_count(p);
		bar->prefetchable = (low & 8) != 0;
		bar->space = PCI_MEM;
		bar->addr = was & ~15U;
		mask = (low & ~15U) | 0xffffffff00000000;
		if (bar->is_64) {
			mask = (uint64_t)probe_bar(p, n + 1, &high) << 32 |
			       (low & ~15U);
			bar->addr |= (uint64_t)high << 32;
		}
		bar->size = ~mask + 1;
	}
	if (bar->size & (bar->size - 1)) {
		log_warn("pci: %s: BAR %u is no power of two; left alone",
			 p->dev.name, n);
		bar->size = 0;
	}
	return bar->is_64 ? 2 : 1;
}

void pci_size_bars(struct pci_device *p)
{
	uint16_t command = pci_read16(p, PCI_COMMAND);

	pci_write16(p, PCI_COMMAND,
		    command & (uint16_t) ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
					   PCI_COMMAND_MASTER));
	for (unsigned int n = 0; n < bar_count(p);) {
		n += size_bar(p, n);
		/* The registers hold what they held before. */
	}
	pci_write16(p, PCI_COMMAND, command);
}

/* --- what the firmware set ----------------------------------------------- */

static void read_window(struct pci_device *p, enum pci_space s, uint64_t base,
			uint64_t last)
{
	p->window_base[s] = base;
	p->window_size[s] = last >= base ? last - base + 1 : 0;
}

static void read_windows(struct pci_device *p)
{
	uint64_t base, last;

	base = (pci_read8(p, PCI_IO_BASE) & 0xf0U) << 8 |
	       (uint32_t)pci_read16(p, PCI_IO_BASE_UPPER) << 16;
	last = (pci_read8(p, PCI_IO_LIMIT) & 0xf0U) << 8 |
	       (uint32_t)pci_read16(p, PCI_IO_LIMIT_UPPER) << 16 | 0xfff;
	read_window(p, PCI_IO, base, last);
	base = (pci_read16(p, PCI_MEM_BASE) & 0xfff0U) << 16;
	last = (pci_read16(p, PCI_MEM_LIMIT) & 0xfff0U) << 16 | 0xfffff;
	read_window(p, PCI_MEM, base, last);
	base = (pci_read16(p, PCI_PREF_BASE) & 0xfff0U) << 16 |
	       (uint64_t)pci_read32(p, PCI_PREF_BASE_UPPER) << 32;
	last = (pci_read16(p, PCI_PREF_LIMIT) & 0xfff0U) << 16 | 0xfffff |
	       (uint64_t)pci_read32(p, PCI_PREF_LIMIT_UPPER) << 32;
	read_window(p, PCI_PREF, base, last);
}

static bool inside(uint64_t at, uint64_t size, uint64_t base, uint64_t all)
{
	return at >= base && size <= all && at - base <= all - size;
}

/* Is the BAR in a window of the host, and of each bridge on the way to it? */
static bool bar_reached(const struct pci_host *h, const struct pci_device *p,
			const struct pci_bar *bar)
{
	const struct pci_device *above;
	bool found = false;

	for (unsigned int s = 0; s < PCI_SPACES; s++) {
		const struct pci_window *w = &h->windows[s];

		found |= (s == PCI_IO) == (bar->space == PCI_IO) &&
			 inside(bar->addr, bar->size, w->bus, w->size);
	}
	for (above = p->bridge; found && above; above = above->bridge) {
		found = false;
		for (unsigned int s = 0; s < PCI_SPACES; s++) {
			found |= (s == PCI_IO) == (bar->space == PCI_IO) &&
				 inside(bar->addr, bar->size,
					above->window_base[s],
					above->window_size[s]);
		}
	}
	return found;
}

static bool overlaps(const struct pci_host *h, const struct pci_bar *bar)
{
	const struct pci_device *p;

	list_for_each(p, &h->functions, node) {
		for (unsigned int n = 0; n < PCI_BARS; n++) {
			const struct pci_bar *o = &p->bars[n];

			if (o != bar && o->size &&
			    (o->space == PCI_IO) == (bar->space == PCI_IO) &&
			    bar->addr < o->addr + o->size &&
			    o->addr < bar->addr + bar->size) {
				return true;
			}
		}
	}
	return false;
}

/* Has the firmware given every BAR a valid place? */
static bool keep(struct pci_host *h)
{
	struct pci_device *p;
	unsigned int bars = 0;

	list_for_each(p, &h->functions, node) {
		if (p->header == 1) {
			read_windows(p);
		}
	}
	list_for_each(p, &h->functions, node) {
		for (unsigned int n = 0; n < PCI_BARS; n++) {
			struct pci_bar *bar = &p->bars[n];

			if (bar->size == 0) {
				continue;
			}
			bars++;
			bar->assigned = bar_reached(h, p, bar) &&
					!overlaps(h, bar);
			if (!bar->assigned && !h->probe_only) {
				return false;
			}
		}
	}
	return bars > 0 || h->probe_only;
}

/* --- anew ---------------------------------------------------------------- */

/* Do all bridges above have prefetchable windows of 64 bits? */
static bool pref_reached(const struct pci_host *h, const struct pci_device *p)
{
	const struct pci_device *above;

	for (above = p->bridge; above; above = above->bridge) {
		if (!above->pref_64) {
			return false;
		}
	}
	return h->windows[PCI_PREF].size != 0;
}

static void choose_spaces(struct pci_host *h)
{
	struct pci_device *p;

	list_for_each(p, &h->functions, node) {
		bool pref = pref_reached(h, p);

		for (unsigned int n = 0; n < PCI_BARS; n++) {
			struct pci_bar *bar = &p->bars[n];

			bar->assigned = false;
			if (bar->space != PCI_IO) {
				bar->space = pref && bar->is_64 &&
							     bar->prefetchable
						     ? PCI_PREF
						     : PCI_MEM;
			}
		}
	}
}

/* Put one item at *at or behind it, before `end`. */
static bool put(uint64_t *at, uint64_t end, uint64_t size, uint64_t align,
		uint64_t *out)
{
	uint64_t start = ALIGN_UP(*at, align);

	if (start < *at || start > end || size > end - start) {
		return false;
	}
	*out = start;
	*at = start + size;
	return true;
}

static void place_bars(struct pci_device *p, enum pci_space s, uint64_t align,
		       uint64_t *at, uint64_t end)
{
	for (unsigned int n = 0; n < PCI_BARS; n++) {
		struct pci_bar *bar = &p->bars[n];

		if (bar->size == align && bar->space == s) {
			bar->assigned =
				put(at, end, bar->size, align, &bar->addr);
		}
	}
}

/* The alignments on a bus, as a set of bits. */
static uint64_t alignments(struct pci_host *h, const struct pci_device *bridge,
			   enum pci_space s)
{
	struct pci_device *p;
	uint64_t bits = 0;

	pci_for_each_on(p, h, bridge)
	{
		for (unsigned int n = 0; n < PCI_BARS; n++) {
			bits |= p->bars[n].space == s ? p->bars[n].size : 0;
		}
		bits |= p->window_size[s] ? p->window_align[s] : 0;
	}
	return bits;
}

static uint64_t highest(uint64_t bits)
{
	return bits ? BIT(63 - (unsigned int)__builtin_clzll(bits)) : 0;
}

/*
 * Lay out one bus in [base, end): the largest alignment first. Returns the end;
 * *most is the largest alignment.
 */
static uint64_t place_bus(struct pci_host *h, struct pci_device *bridge,
			  enum pci_space s, uint64_t base, uint64_t end,
			  uint64_t *most)
{
	uint64_t bits = alignments(h, bridge, s);
	uint64_t at = base;

	*most = highest(bits);
	while (bits) {
		uint64_t align = highest(bits);
		struct pci_device *p;

		bits &= ~align;
		pci_for_each_on(p, h, bridge)
		{
			place_bars(p, s, align, &at, end);
			if (p->window_size[s] && p->window_align[s] == align &&
			    !put(&at, end, p->window_size[s], align,
				 &p->window_base[s])) {
				p->window_size[s] = 0; /* closed */
			}
		}
	}
	return at;
}

/* The list has bridges before what is behind them, so from its end on, the bus
 * behind a bridge is measured before the bus that the bridge is on. */
static void size_windows(struct pci_host *h, enum pci_space s)
{
	uint64_t granule = s == PCI_IO ? IO_GRANULE : MEM_GRANULE;
	uint64_t most;

	for (struct list *l = h->functions.prev; l != &h->functions;
	     l = l->prev) {
		struct pci_device *p = list_entry(l, struct pci_device, node);

		if (p->header != 1) {
			continue;
		}
		p->window_size[s] = ALIGN_UP(
			place_bus(h, p, s, 0, UINT64_MAX - granule, &most),
			granule);
		p->window_align[s] = MAX(most, granule);
	}
}

/* Let the 64-bit BARs of this size on the root bus be anywhere. */
static void move_up(struct pci_host *h, uint64_t size)
{
	struct pci_device *p;

	pci_for_each_on(p, h, NULL)
	{
		for (unsigned int n = 0; n < PCI_BARS; n++) {
			struct pci_bar *bar = &p->bars[n];

			if (bar->is_64 && bar->size == size) {
				bar->space = PCI_PREF;
			}
		}
	}
}

/* Let 64-bit BARs on the root bus, where no bridge restricts them, be anywhere
 * if all do not fit into 32 bits. The largest are moved first. */
static void relieve_memory(struct pci_host *h)
{
	const struct pci_window *mem = &h->windows[PCI_MEM];
	uint64_t most;

	if (h->windows[PCI_PREF].size == 0) {
		return;
	}
	for (unsigned int bit = 64; bit-- > 0;) {
		if (place_bus(h, NULL, PCI_MEM, 0, UINT64_MAX / 2, &most) <=
		    mem->size) {
			return;
		}
		move_up(h, BIT(bit));
	}
}

static void place_all(struct pci_host *h, enum pci_space s)
{
	const struct pci_window *w = &h->windows[s];
	/* A BAR at 0 looks like one without a place. */
	uint64_t base = MAX(w->bus, s == PCI_IO ? IO_GRANULE : MEM_GRANULE);
	uint64_t end = w->bus + w->size;
	struct pci_device *p;
	uint64_t most;

	(void)place_bus(h, NULL, s, MIN(base, end), end, &most);
	list_for_each(p, &h->functions, node) {
		if (p->header == 1) {
			base = p->window_base[s];
			(void)place_bus(h, p, s, base, base + p->window_size[s],
					&most);
		}
	}
}

/* --- into the registers --------------------------------------------------- */

static void write_bars(struct pci_device *p)
{
	for (unsigned int n = 0; n < PCI_BARS; n++) {
		const struct pci_bar *bar = &p->bars[n];
		uint64_t addr = bar->assigned ? bar->addr : 0;

		if (bar->size == 0) {
			continue;
		}
		pci_write32(p, PCI_BAR(n), (uint32_t)addr);
		if (bar->is_64) {
			pci_write32(p, PCI_BAR(n + 1), (uint32_t)(addr >> 32));
		}
		if (!bar->assigned) {
			log_warn("pci: %s: no room for BAR %u of 0x%llx bytes",
				 p->dev.name, n, (unsigned long long)bar->size);
		}
	}
}

/* A window is closed by a limit below its base. */
static void write_windows(struct pci_device *p)
{
	static const uint64_t closed[PCI_SPACES] = { 0xf000, 0xfff00000,
						     0xfff00000 };
	uint64_t base[PCI_SPACES], last[PCI_SPACES];

	for (unsigned int s = 0; s < PCI_SPACES; s++) {
		bool open = p->window_size[s] != 0;

		base[s] = open ? p->window_base[s] : closed[s];
		last[s] = open ? base[s] + p->window_size[s] - 1 : 0;
	}
	pci_write8(p, PCI_IO_BASE, (uint8_t)(base[PCI_IO] >> 8));
	pci_write8(p, PCI_IO_LIMIT, (uint8_t)(last[PCI_IO] >> 8));
	pci_write16(p, PCI_IO_BASE_UPPER, (uint16_t)(base[PCI_IO] >> 16));
	pci_write16(p, PCI_IO_LIMIT_UPPER, (uint16_t)(last[PCI_IO] >> 16));
	pci_write16(p, PCI_MEM_BASE, (uint16_t)(base[PCI_MEM] >> 16));
	pci_write16(p, PCI_MEM_LIMIT, (uint16_t)(last[PCI_MEM] >> 16));
	pci_write16(p, PCI_PREF_BASE, (uint16_t)(base[PCI_PREF] >> 16));
	pci_write16(p, PCI_PREF_LIMIT, (uint16_t)(last[PCI_PREF] >> 16));
	pci_write32(p, PCI_PREF_BASE_UPPER, (uint32_t)(base[PCI_PREF] >> 32));
	pci_write32(p, PCI_PREF_LIMIT_UPPER, (uint32_t)(last[PCI_PREF] >> 32));
}

void pci_assign(struct pci_host *h)
{
	struct pci_device *p;

	if (keep(h)) {
		return;
	}
	choose_spaces(h);
	for (unsigned int s = 0; s < PCI_SPACES; s++) {
		size_windows(h, (enum pci_space)s);
	}
	relieve_memory(h);
	for (unsigned int s = 0; s < PCI_SPACES; s++) {
		place_all(h, (enum pci_space)s);
	}
	list_for_each(p, &h->functions, node) {
		write_bars(p);
		if (p->header == 1) {
			write_windows(p);
		}
	}
}
