/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identification of cards (SD 4.2, eMMC 6.4), and choosing the fastest mode
 * that card and controller support.
 */
#include <core/time.h>
#include <libs/error.h>
#include <string.h>

#include "mmc_priv.h"

#define SD_CLOCK 25000000
#define SD_HS_CLOCK 50000000
#define EMMC_CLOCK 26000000
#define EMMC_HS_CLOCK 52000000
/* Interval of asking whether a card is ready. */
#define POLL_MS 1
#define EMMC_RCA 1
#define EMMC_DATA_LINES_8 8

/* --- what both kinds have ------------------------------------------------- */

/* Read a register that is sent as data, through the host's buffer. */
static int read_data(struct mmc_host *h, uint8_t index, uint32_t arg, void *buf,
		     uint32_t size)
{
	const struct mmc_part part = { h->spare.addr, size };
	const struct mmc_data data = {
		.read = true,
		.block_size = size,
		.blocks = 1,
		.parts = &part,
		.nparts = 1,
	};
	struct mmc_command cmd = {
		.index = index,
		.arg = arg,
		.response = MMC_R1,
		.limit_ms = MMC_COMMAND_MS,
		.data = &data,
	};
	int err = mmc_run(h, &cmd);

	if (err == 0) {
		memcpy(buf, h->spare.va, size);
	}
	return err;
}

static int read_long(struct mmc_host *h, uint8_t index, uint32_t arg,
		     uint32_t out[4])
{
	struct mmc_command cmd = {
		.index = index,
		.arg = arg,
		.response = MMC_R2,
		.limit_ms = MMC_COMMAND_MS,
	};
	int err = mmc_run(h, &cmd);

	memcpy(out, cmd.answer, sizeof(cmd.answer));
	return err;
}

int mmc_wait_ready(struct mmc_host *h, const struct mmc_info *info,
		   uint32_t limit_ms, uint32_t *status)
{
	ticks_t deadline = time_now() + ms_to_ticks(limit_ms);
	uint32_t now;

	*status = 0;
	for (;;) {
		bool late = time_now() >= deadline;
		/* The caller judges the status. */
		int err = mmc_run_simple(h, MMC_SEND_STATUS, info->rca << 16,
					 MMC_R6, &now);

		if (err) {
			return err;
		}
		*status |= now & (R1_ERRORS | R1_SWITCH_ERROR);
		if ((now & R1_READY_FOR_DATA) &&
		    R1_STATE(now) == MMC_STATE_TRANSFER) {
			return 0;
		}
		if (late) {
			return -ERR_TIMEOUT;
		}
		sleep_ms(POLL_MS);
	}
}

int mmc_switch(struct mmc_host *h, const struct mmc_info *info, uint8_t index,
	       uint8_t value, uint32_t limit_ms)
{
	struct mmc_command cmd = {
		.index = MMC_SWITCH,
		/* eMMC 6.10.4: access 3, write byte. */
		.arg = 3U << 24 | (uint32_t)index << 16 | (uint32_t)value << 8,
		.response = MMC_R1B,
		.limit_ms = limit_ms,
	};
	uint32_t status;
	int err = mmc_run(h, &cmd);

	if (err == 0) {
		err = mmc_wait_ready(h, info, limit_ms, &status);
	}
	if (err == 0 && (status & (R1_ERRORS | R1_SWITCH_ERROR))) {
		err = -ERR_IO;
	}
	return err;
}

/* Identification, address, size: from the ready state to the transfer state. */
static int select_card(struct mmc_host *h, struct mmc_info *info,
		       uint32_t csd[4])
{
	bool sd = info->kind == MMC_KIND_SD;
	uint32_t answer;
	int err = read_long(h, MMC_ALL_SEND_CID, 0, info->cid);

	if (err) {
		return err;
	}
	info->rca = EMMC_RCA;
	err = mmc_run_simple(h, MMC_RELATIVE_ADDR, sd ? 0 : EMMC_RCA << 16,
			     sd ? MMC_R6 : MMC_R1, &answer);
	if (err) {
		return err;
	}
	if (sd) {
		info->rca = answer >> 16;
	}
	err = read_long(h, MMC_SEND_CSD, info->rca << 16, csd);
	if (err) {
		return err;
	}
	return mmc_run_simple(h, MMC_SELECT_CARD, info->rca << 16, MMC_R1B,
			      NULL);
}

/* --- SD ------------------------------------------------------------------- */

/* The status that answers SD_APP_CMD may still report errors of the command
 * before. */
static int app_command(struct mmc_host *h, const struct mmc_info *info,
		       uint8_t index, uint32_t arg, enum mmc_response response,
		       uint32_t *answer)
{
	int err = mmc_run_simple(h, SD_APP_CMD, info->rca << 16, MMC_R6, NULL);

	return err ? err : mmc_run_simple(h, index, arg, response, answer);
}

/* Ask a card, which was reset, for its operating conditions until it says that
 * it is ready. -ERR_NOENT: it does not answer. */
static int wait_ready(struct mmc_host *h, struct mmc_info *info, bool sd,
		      uint32_t arg, uint32_t *conditions)
{
	ticks_t deadline = time_now() + ms_to_ticks(MMC_POWER_UP_MS);

	for (;;) {
		bool late = time_now() >= deadline;
		int err = sd ? app_command(h, info, SD_ACMD_SD_SEND_OP_COND,
					   arg, MMC_R3, conditions)
			     : mmc_run_simple(h, MMC_SEND_OP_COND, arg, MMC_R3,
					      conditions);

		if (err) {
			return -ERR_NOENT;
		}
		if (*conditions & OCR_READY) {
			return 0;
		}
		if (late) {
			return -ERR_TIMEOUT;
		}
		sleep_ms(POLL_MS);
	}
}

/* SD 4.2.3. -ERR_NOENT: no SD card answers. */
static int sd_power_up(struct mmc_host *h, struct mmc_info *info)
{
	uint32_t arg = OCR_VOLTAGES, answer;
	int err;

	err = mmc_run_simple(h, MMC_GO_IDLE_STATE, 0, MMC_NONE, NULL);
	if (err) {
		return err;
	}
	err = mmc_run_simple(h, SD_SEND_IF_COND, IF_COND, MMC_R6, &answer);
	if (err == 0) {
		if ((answer & 0xfff) != IF_COND) {
			return -ERR_NOSUPP;
		}
		arg |= OCR_HIGH_CAPACITY;
	}
	err = wait_ready(h, info, true, arg, &answer);
	if (err) {
		return err;
	}
	info->sector_addresses = answer & OCR_HIGH_CAPACITY;
	return answer & OCR_VOLTAGES ? 0 : -ERR_NOSUPP;
}

static int sd_wide(struct mmc_host *h, struct mmc_info *info)
{
	uint8_t scr[SCR_SIZE];
	int err = mmc_run_simple(h, SD_APP_CMD, info->rca << 16, MMC_R1, NULL);

	if (err == 0) {
		err = read_data(h, SD_ACMD_SEND_SCR, 0, scr, sizeof(scr));
	}
	if (err == 0) {
		err = sd_decode_scr(scr, info);
	}
	if (err || !info->width_4 || !h->width_4) {
		return err;
	}
	err = app_command(h, info, SD_ACMD_SET_BUS_WIDTH, 2, MMC_R1, NULL);
	if (err == 0) {
		h->ops->bus(h, 4, false);
	}
	return err;
}

/* SD 4.3.10: ask for high speed, then switch; the clock may then be twice as
 * fast. */
static int sd_fast(struct mmc_host *h, struct mmc_info *info)
{
	uint8_t status[SWITCH_STATUS_SIZE];
	int err;

	if (!info->can_switch || !h->high_speed) {
		return h->ops->clock(h, SD_CLOCK);
	}
	err = read_data(h, MMC_SWITCH, SD_SWITCH_CHECK_HS, status,
			sizeof(status));
	if (err == 0 && sd_switch_can_hs(status)) {
		err = read_data(h, MMC_SWITCH, SD_SWITCH_SET_HS, status,
				sizeof(status));
		info->high_speed = err == 0 && sd_switch_is_hs(status);
	}
	if (err) {
		return err;
	}
	h->ops->bus(h, info->width_4 && h->width_4 ? 4 : 1, info->high_speed);
	return h->ops->clock(h, info->high_speed ? SD_HS_CLOCK : SD_CLOCK);
}

static int sd_identify(struct mmc_host *h, struct mmc_info *info)
{
	uint32_t csd[4];
	int err = sd_power_up(h, info);

	if (err == 0) {
		err = select_card(h, info, csd);
	}
	if (err == 0) {
		err = sd_decode_csd(csd, info);
	}
	if (err == 0 && !info->sector_addresses) {
		err = mmc_run_simple(h, MMC_SET_BLOCKLEN, BLOCK_SECTOR_SIZE,
				     MMC_R1, NULL);
	}
	if (err == 0) {
		err = sd_wide(h, info);
	}
	return err ? err : sd_fast(h, info);
}

/* --- eMMC ----------------------------------------------------------------- */

/* eMMC 6.4.2. */
static int emmc_power_up(struct mmc_host *h, struct mmc_info *info)
{
	uint32_t answer;
	int err = mmc_run_simple(h, MMC_GO_IDLE_STATE, 0, MMC_NONE, NULL);

	if (err) {
		return err;
	}
	err = wait_ready(h, info, false, OCR_VOLTAGES | OCR_SECTOR_MODE,
			 &answer);
	if (err) {
		return err;
	}
	info->sector_addresses = answer & OCR_SECTOR_MODE;
	return 0;
}

/*
 * eMMC 6.6.4: the card accepts any width; whether the lines are wired shows
 * only in a transfer, for which EXT_CSD, known already, is read again.
 * -ERR_NOSUPP: they are not, and the width is as before.
 */
static int emmc_width(struct mmc_host *h, struct mmc_info *info,
		      const uint8_t *known, unsigned int width)
{
	uint8_t code = width == EMMC_DATA_LINES_8 ? EXT_CSD_BUS_WIDTH_8
						  : EXT_CSD_BUS_WIDTH_4;
	uint8_t ext[EXT_CSD_SIZE];
	int err = mmc_switch(h, info, EXT_CSD_BUS_WIDTH, code, info->switch_ms);

	if (err) {
		return err;
	}
	h->ops->bus(h, width, info->high_speed);
	if (read_data(h, MMC_SEND_EXT_CSD, 0, ext, sizeof(ext)) == 0 &&
	    memcmp(&ext[EXT_CSD_FIXED], &known[EXT_CSD_FIXED],
		   EXT_CSD_SIZE - EXT_CSD_FIXED) == 0) {
		return 0;
	}
	h->ops->bus(h, 1, info->high_speed);
	err = mmc_switch(h, info, EXT_CSD_BUS_WIDTH, 0, info->switch_ms);
	return err ? err : -ERR_NOSUPP;
}

static int emmc_fast(struct mmc_host *h, struct mmc_info *info,
		     const uint8_t *ext)
{
	uint32_t hz = EMMC_CLOCK;
	int err;

	info->high_speed = info->high_speed && h->high_speed;
	if (info->high_speed) {
		err = mmc_switch(h, info, EXT_CSD_HS_TIMING, 1,
				 info->switch_ms);
		if (err) {
			return err;
		}
		h->ops->bus(h, 1, true);
		hz = EMMC_HS_CLOCK;
	}
	err = h->ops->clock(h, hz);
	if (err) {
		return err;
	}
	err = -ERR_NOSUPP;
	if (h->width_8) {
		err = emmc_width(h, info, ext, EMMC_DATA_LINES_8);
	}
	if (err == -ERR_NOSUPP && h->width_4) {
		err = emmc_width(h, info, ext, 4);
	}
	return err == -ERR_NOSUPP ? 0 : err;
}

static int emmc_identify(struct mmc_host *h, struct mmc_info *info)
{
	uint8_t ext[EXT_CSD_SIZE];
	uint32_t csd[4];
	int err = emmc_power_up(h, info);

	if (err == 0) {
		err = select_card(h, info, csd);
	}
	if (err == 0) {
		err = mmc_decode_csd(csd, info);
	}
	if (err == 0) {
		err = read_data(h, MMC_SEND_EXT_CSD, 0, ext, sizeof(ext));
	}
	if (err == 0) {
		err = mmc_decode_ext_csd(ext, info);
	}
	if (err == 0) {
		err = emmc_fast(h, info, ext);
	}
	/* A failure is ignored: without its cache the card is only slower. */
	if (err == 0 && info->cache &&
	    mmc_switch(h, info, EXT_CSD_CACHE_CTRL, 1, info->switch_ms)) {
		info->cache = false;
	}
	return err;
}

int mmc_identify(struct mmc_host *h, struct mmc_info *info)
{
	int err = -ERR_NOENT;

	*info = (struct mmc_info){ .kind = MMC_KIND_SD };
	if (!h->no_sd) {
		err = h->ops->reset(h);
		if (err) {
			return err;
		}
		err = sd_identify(h, info);
	}
	if (err == -ERR_NOENT && !h->no_mmc) {
		*info = (struct mmc_info){ .kind = MMC_KIND_EMMC };
		err = h->ops->reset(h);
		if (err == 0) {
			err = emmc_identify(h, info);
		}
	}
	return err;
}
