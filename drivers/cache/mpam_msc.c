/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MPAM's memory system components (MSC) of the host's tree: binding
 * arm/arm,mpam-msc.yaml. DDI0598 9 and 11. Its error interrupt is not used:
 * errors are looked for after each use.
 */
#include <core/heap.h>
#include <core/log.h>
#include <libs/error.h>

#include "mpam_priv.h"

static const char *error_name(uint32_t code)
{
	static const char *const names[] = {
		[1] = "PARTID_SEL_Range",    [2] = "Req_PARTID_Range",
		[3] = "MSMONCFG_ID_RANGE",   [4] = "Req_PMG_Range",
		[5] = "Monitor_Range",       [6] = "intPARTID_Range",
		[7] = "Unexpected_INTERNAL",
	};

	return code < ARRAY_SIZE(names) && names[code] ? names[code]
						       : "unknown";
}

/* MPAMF_ESR: optional from version 1.1 on, where MPAMF_IDR.HAS_ESR tells. */
static bool has_esr(const struct mpam_msc *m)
{
	return (m->idr & IDR_EXT) == 0 || (m->idr & IDR_HAS_ESR) != 0;
}

/* The upper half first: as long as ERRCODE is not 0, it is not updated. */
static void clear_esr(const struct mpam_msc *m)
{
	if (m->idr & IDR_HAS_EXTD_ESR) {
		msc_write(m, MPAMF_ESR + 4, 0);
	}
	msc_write(m, MPAMF_ESR, 0);
}

int mpam_msc_error(const struct mpam_msc *m)
{
	uint32_t esr = has_esr(m) ? msc_read(m, MPAMF_ESR) : 0;
	uint32_t code = (uint32_t)FIELD(esr, 27, 24);

	if (!code) {
		return 0;
	}
	log_err("%s: MPAMF_ESR 0x%x: %s, PARTID %u", m->name, esr,
		error_name(code), esr & 0xffff);
	clear_esr(m);
	return -ERR_IO;
}

/* Errors from before are not ours, and no interrupt is enabled. */
static void quiet(const struct mpam_msc *m)
{
	if (has_esr(m)) {
		msc_write(m, MPAMF_ECR, 0);
		clear_esr(m);
	}
}

/* The PARTIDs that it tells apart: with narrowing, no more than there are
 * internal ones, each of which is then that of one PARTID. */
static uint32_t count_ids(const struct mpam_msc *m)
{
	uint32_t max = m->idr & 0xffff;

	if (m->narrowing) {
		max = MIN(max, msc_read(m, MPAMF_PARTID_NRW_IDR) & 0xffff);
	}
	return max + 1;
}

static int read_features(struct mpam_msc *m)
{
	uint32_t aidr = msc_read(m, MPAMF_AIDR);
	int err = 0;

	/* ArchMajorRev: 0.1 and 1.x. */
	if (FIELD(aidr, 7, 4) > 1 || (aidr & 0xff) == 0) {
		log_err("%s: MPAMF_AIDR: found version %u.%u; allowed 0.1 and "
			"1.x",
			m->name, (unsigned int)FIELD(aidr, 7, 4), aidr & 0xf);
		return -ERR_NOSUPP;
	}
	m->idr = msc_read(m, MPAMF_IDR);
	if (m->idr & IDR_EXT) {
		m->idr |= (uint64_t)msc_read(m, MPAMF_IDR + 4) << 32;
	}
	quiet(m);
	m->narrowing = (m->idr & IDR_HAS_PARTID_NRW) != 0;
	m->ids = count_ids(m);
	m->nris = 1;
	if (m->idr & IDR_HAS_RIS) {
		m->nris = (unsigned int)FIELD(m->idr, 59, 56) + 1;
	}
	for (unsigned int n = 0; n < m->nris && !err; n++) {
		err = mpam_ris_read(m, n);
	}
	return err;
}

/* The level of the cache that a node, of the component or of one of its
 * instances, belongs to; 0: of none. */
static unsigned int level_of(const struct mpam_msc *m, dt_node_t node)
{
	struct dt_cache cache;

	if (!dt_cache_of(node, "arm,mpam-device", &cache)) {
		return 0;
	}
	if (!cache.level) {
		log_warn("%s: %s has no cache-level, so its portions are not "
			 "used",
			 m->name, dt_name(cache.node));
	}
	return cache.level;
}

/*
 * Which caches its instances are. Without nodes of their own all belong to the
 * node that the component is in.
 */
static void read_levels(struct mpam_msc *m, dt_node_t node)
{
	unsigned int above = level_of(m, node);
	bool nodes = false;
	int depth = 0;

	for (dt_node_t n = dt_next(node, &depth); n >= 0 && depth > 0;
	     n = dt_next(n, &depth)) {
		uint32_t index;

		if (depth != 1 || dt_u32(n, "reg", &index)) {
			continue;
		}
		nodes = true;
		if (index >= m->nris) {
			log_warn("%s: %s: reg: found %u; allowed 0..%u",
				 m->name, dt_name(n), index, m->nris - 1);
		} else if (dt_is_compatible(n, "arm,mpam-cache")) {
			unsigned int own = level_of(m, n);

			m->ris[index].unit.level = own ? own : above;
		}
	}
	for (unsigned int n = 0; !nodes && n < m->nris; n++) {
		m->ris[n].unit.level = above;
	}
}

static void enter(struct mpam_ris *r)
{
	r->unit.name = r->msc->name;
	r->unit.width = r->unit.level ? r->cpbm_width : 0;
	r->unit.ids = r->msc->ids;
	r->unit.allow = mpam_ris_allow;
	portion_unit_add(&r->unit);
}

static int mpam_msc_start(struct mpam_msc *m, struct device *dev)
{
	volatile void *regs;
	int err = device_map(dev, 0, &regs, &m->size);

	if (err) {
		return err;
	}
	if (m->size < MPAM_PAGE) {
		log_err("%s: reg: found 0x%llx bytes; allowed 0x%x or more",
			m->name, (unsigned long long)m->size, MPAM_PAGE);
		return -ERR_FORMAT;
	}
	m->regs = regs;
	err = read_features(m);
	for (unsigned int n = 0; !err && n < m->nris; n++) {
		err = mpam_ris_open(&m->ris[n]);
	}
	return err;
}

static int mpam_msc_probe(struct device *dev)
{
	struct mpam_msc *m = heap_alloc(sizeof(*m));
	int err = -ERR_NOMEM;

	if (m) {
		m->name = dev->name;
		err = mpam_msc_start(m, dev);
	}
	if (err) {
		portion_unit_failed(dev->name);
		heap_free(m);
		return err;
	}
	read_levels(m, dev->dt);
	for (unsigned int n = 0; n < m->nris; n++) {
		enter(&m->ris[n]);
	}
	return 0;
}

static const char *const mpam_msc_compatible[] = { "arm,mpam-msc", NULL };

/* It cannot be removed: the caches would stay divided. */
static const struct driver mpam_msc_driver = {
	.name = "mpam-msc",
	.class = DEVICE_OTHER,
	.compatible = mpam_msc_compatible,
	.probe = mpam_msc_probe,
};
DRIVER(mpam_msc_driver);
