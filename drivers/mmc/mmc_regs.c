/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding of the registers of SD cards and eMMC. */
#include <libs/error.h>

#include "mmc_regs_priv.h"

#define SECTOR_SHIFT 9

/* Bits high..low of a register of 128 bits, numbered as in the
 * specifications; at most 32 of them. */
static uint32_t bits(const uint32_t reg[4], unsigned int high, unsigned int low)
{
	unsigned int word = 3 - low / 32;
	unsigned int shift = low % 32;
	uint64_t v = reg[word] >> shift;

	if (word > 0) {
		v |= (uint64_t)reg[word - 1] << (32 - shift);
	}
	return (uint32_t)FIELD(v, high - low, 0);
}

/* Bits that SD 5.3.2, 5.3.3 and eMMC 7.3 have in the same places. */
static void csd_common(const uint32_t csd[4], struct mmc_info *info)
{
	uint32_t classes = bits(csd, 95, 84);

	info->can_erase = classes & BIT(5);
	info->write_protected = bits(csd, 13, 12) != 0;
}

/* SD 5.3.2: (C_SIZE + 1) * 2^(C_SIZE_MULT + 2) blocks of 2^READ_BL_LEN. */
static int csd_size(const uint32_t csd[4], struct mmc_info *info)
{
	uint32_t block_shift = bits(csd, 83, 80);
	uint32_t mult = bits(csd, 49, 47) + 2;

	if (block_shift < SECTOR_SHIFT || block_shift > 11) {
		return -ERR_FORMAT;
	}
	info->nsectors = ((uint64_t)bits(csd, 73, 62) + 1)
			 << (mult + block_shift - SECTOR_SHIFT);
	return 0;
}

int sd_decode_csd(const uint32_t csd[4], struct mmc_info *info)
{
	csd_common(csd, info);
	info->can_switch = bits(csd, 95, 84) & BIT(10);
	switch (bits(csd, 127, 126)) {
	case 0:
		return csd_size(csd, info);
	case 1: /* 5.3.3: SDHC and SDXC, in units of 512 KiB */
		info->nsectors = ((uint64_t)bits(csd, 69, 48) + 1) << 10;
		return 0;
	default: /* SDUC, which needs longer addresses */
		return -ERR_NOSUPP;
	}
}

/* Cards larger than 2 GiB give their size in EXT_CSD. */
int mmc_decode_csd(const uint32_t csd[4], struct mmc_info *info)
{
	csd_common(csd, info);
	/* 7.3.3: cards before SPEC_VERS 4 have no EXT_CSD. */
	if (bits(csd, 125, 122) < 4) {
		return -ERR_NOSUPP;
	}
	return csd_size(csd, info);
}

int sd_decode_scr(const uint8_t scr[SCR_SIZE], struct mmc_info *info)
{
	/* 5.6: SCR_STRUCTURE. */
	if (scr[0] >> 4 != 0) {
		return -ERR_NOSUPP;
	}
	info->width_4 = scr[1] & BIT(2);
	/* Version 1.0 has no CMD6. */
	info->can_switch = info->can_switch && (scr[0] & 0xf) >= 1;
	return 0;
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

int mmc_decode_ext_csd(const uint8_t ext[EXT_CSD_SIZE], struct mmc_info *info)
{
	uint8_t revision = ext[192], features = ext[231];
	uint32_t sectors = le32(&ext[212]);

	if (info->sector_addresses) {
		info->nsectors = sectors;
	}
	if (info->nsectors == 0) {
		return -ERR_FORMAT;
	}
	info->width_4 = true;
	info->high_speed = ext[196] & BIT(1); /* DEVICE_TYPE: 52 MHz */
	/* GENERIC_CMD6_TIME, in units of 10 ms; 0: not given. */
	info->switch_ms = revision >= 6 && ext[248] ? ext[248] * 10U : 500;
	info->cache = revision >= 6 && le32(&ext[249]) != 0;
	info->trim = revision >= 5 && (features & BIT(4)); /* SEC_GB_CL_EN */
	info->discard = revision >= 6 && info->trim;
	info->trim_zeroes = info->trim && ext[181] == 0; /* ERASED_MEM_CONT */
	info->trim_ms = MAX(ext[232], 1U) * 300U;        /* TRIM_MULT */
	/* HC_ERASE_GRP_SIZE, in 512 KiB. */
	info->erase_sectors = MAX(ext[224], 1U) << 10;
	return 0;
}

/*
 * SD 4.3.10.4, table 4-11: bits 415:400 are the functions that group 1
 * supports; 379:376 the function selected, or that would be, 0xf if it cannot
 * be. The first byte has bits 511:504.
 */
bool sd_switch_can_hs(const uint8_t status[SWITCH_STATUS_SIZE])
{
	return (status[13] & BIT(1)) && (status[16] & 0xf) == 1;
}

bool sd_switch_is_hs(const uint8_t status[SWITCH_STATUS_SIZE])
{
	return (status[16] & 0xf) == 1;
}

/* SD 5.2: PNM, five characters; eMMC 7.2: six. */
void mmc_name(const struct mmc_info *info, char buf[MMC_NAME_MAX])
{
	unsigned int n = info->kind == MMC_KIND_SD ? 5 : 6;

	for (unsigned int i = 0; i < n; i++) {
		char c = (char)bits(info->cid, 103 - 8 * i, 96 - 8 * i);

		buf[i] = c;
		if (c < ' ' || c > '~') {
			buf[i] = '?';
		}
	}
	buf[n] = '\0';
}
