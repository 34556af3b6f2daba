/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MPAM: one resource instance of a component. Its control settings are reached
 * through a selection: MPAMCFG_PART_SEL says whose, of which instance, and then
 * the other MPAMCFG registers are those of that one (DDI0598 11.3).
 */
#include <core/log.h>
#include <libs/error.h>

#include "mpam_priv.h"

static void select_partid(const struct mpam_ris *r, uint32_t partid)
{
	uint32_t internal = r->msc->narrowing ? (uint32_t)PARTID_INTERNAL : 0;

	msc_write(r->msc, MPAMCFG_PART_SEL,
		  r->index << PART_SEL_RIS_SHIFT | internal | partid);
}

static int too_small(const struct mpam_ris *r, const char *what, uint32_t width,
		     unsigned int at)
{
	uint64_t need = at + (uint64_t)DIV_ROUND_UP(width, 32) * 4;

	if (need <= r->msc->size) {
		return 0;
	}
	log_err("%s: reg: found 0x%llx bytes; allowed 0x%llx or more, for %u %s",
		r->msc->name, (unsigned long long)r->msc->size,
		(unsigned long long)need, width, what);
	return -ERR_FORMAT;
}

int mpam_ris_read(struct mpam_msc *m, unsigned int index)
{
	struct mpam_ris *r = &m->ris[index];
	int err;

	r->msc = m;
	r->index = index;
	select_partid(r, 0);
	r->idr = msc_read(m, MPAMF_IDR);
	if (r->idr & IDR_EXT) {
		r->idr |= (uint64_t)msc_read(m, MPAMF_IDR + 4) << 32;
	}
	if (r->idr & IDR_HAS_CPOR_PART) {
		r->cpbm_width = msc_read(m, MPAMF_CPOR_IDR) & 0xffff;
	}
	if (r->idr & IDR_HAS_CCAP_PART) {
		r->ccap = msc_read(m, MPAMF_CCAP_IDR);
	}
	if (r->idr & IDR_HAS_MBW_PART) {
		r->mbw = msc_read(m, MPAMF_MBW_IDR);
	}
	if (r->mbw & MBW_HAS_PBM) {
		r->mbwpbm_width = (uint32_t)FIELD(r->mbw, 28, 16);
	}
	err = too_small(r, "portions", r->cpbm_width, MPAMCFG_CPBM);
	if (!err && r->mbwpbm_width) {
		err = too_small(r, "portions of bandwidth", r->mbwpbm_width,
				MPAMCFG_MBW_PBM);
	}
	return err ? err : mpam_msc_error(m);
}

/* Write a bitmap of `width` bits: those of `set`. */
static void write_bitmap(const struct mpam_ris *r, unsigned int reg,
			 uint32_t width, portion_mask_t set, unsigned int count)
{
	for (uint32_t n = 0; n < DIV_ROUND_UP(width, 32); n++) {
		msc_write(r->msc, reg + 4 * n,
			  portion_word(set, count, width, n));
	}
}

/* MPAMCFG_CMAX, CMIN and CASSOC: no limit, nothing reserved. */
static void open_capacity(const struct mpam_ris *r)
{
	if ((r->ccap & CCAP_NO_CMAX) == 0) {
		msc_write(r->msc, MPAMCFG_CMAX, FRACTION_MAX);
	}
	if (r->ccap & CCAP_HAS_CMIN) {
		msc_write(r->msc, MPAMCFG_CMIN, 0);
	}
	if (r->ccap & CCAP_HAS_CASSOC) {
		msc_write(r->msc, MPAMCFG_CASSOC, FRACTION_MAX);
	}
}

/* The same of bandwidth; MPAMCFG_MBW_PROP.EN is 0. */
static void open_bandwidth(const struct mpam_ris *r)
{
	if (r->mbw & MBW_HAS_MAX) {
		msc_write(r->msc, MPAMCFG_MBW_MAX, FRACTION_MAX);
	}
	if (r->mbw & MBW_HAS_MIN) {
		msc_write(r->msc, MPAMCFG_MBW_MIN, 0);
	}
	if (r->mbw & MBW_HAS_PROP) {
		msc_write(r->msc, MPAMCFG_MBW_PROP, 0);
	}
	write_bitmap(r, MPAMCFG_MBW_PBM, r->mbwpbm_width, 1, 1);
}

/* The internal PARTID is the PARTID. */
static void map_partid(const struct mpam_ris *r, uint32_t partid)
{
	msc_write(r->msc, MPAMCFG_PART_SEL,
		  r->index << PART_SEL_RIS_SHIFT | partid);
	msc_write(r->msc, MPAMCFG_INTPARTID,
		  (uint32_t)PARTID_INTERNAL | partid);
}

/*
 * After reset the settings of PARTID 0 allow everything, those of others are
 * UNKNOWN (DDI0598 6.2). A priority has no neutral value, so all get that of
 * PARTID 0.
 */
int mpam_ris_open(const struct mpam_ris *r)
{
	const struct mpam_msc *m = r->msc;
	uint32_t priority = 0;

	for (uint32_t id = 0; id < MIN(m->ids, (uint32_t)PORTION_IDS_MAX);
	     id++) {
		if (m->narrowing) {
			map_partid(r, id);
		}
		select_partid(r, id);
		if (r->idr & IDR_HAS_PRI_PART) {
			if (id == 0) {
				priority = msc_read(m, MPAMCFG_PRI);
			}
			msc_write(m, MPAMCFG_PRI, priority);
		}
		if (r->idr & IDR_HAS_ENDIS) {
			msc_write(m, MPAMCFG_EN, id);
		}
		if (r->idr & IDR_HAS_CCAP_PART) {
			open_capacity(r);
		}
		open_bandwidth(r);
		write_bitmap(r, MPAMCFG_CPBM, r->cpbm_width, 1, 1);
	}
	return mpam_msc_error(m);
}

int mpam_ris_allow(struct portion_unit *u, uint32_t id, portion_mask_t set,
		   unsigned int count)
{
	const struct mpam_ris *r = container_of(u, struct mpam_ris, unit);

	select_partid(r, id);
	write_bitmap(r, MPAMCFG_CPBM, r->cpbm_width, set, count);
	return mpam_msc_error(r->msc);
}
