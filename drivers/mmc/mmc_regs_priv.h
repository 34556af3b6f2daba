/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands, status bits and registers of cards, and the decoding of registers.
 * Pure. SD Physical Layer Simplified Specification 6.00 (here "SD"), JEDEC
 * JESD84-B51 (here "eMMC").
 */
#ifndef DRIVERS_MMC_REGS_PRIV_H
#define DRIVERS_MMC_REGS_PRIV_H

#include <libs/types.h>

/* Commands: SD 4.7.4, eMMC 6.10.4. */
#define MMC_GO_IDLE_STATE 0
#define MMC_SEND_OP_COND 1 /* eMMC */
#define MMC_ALL_SEND_CID 2
#define MMC_RELATIVE_ADDR 3 /* SD: the card chooses it; eMMC: the host does */
#define MMC_SWITCH 6
#define MMC_SELECT_CARD 7
#define SD_SEND_IF_COND 8
#define MMC_SEND_EXT_CSD 8 /* eMMC */
#define MMC_SEND_CSD 9
#define MMC_STOP_TRANSMISSION 12
#define MMC_SEND_STATUS 13
#define MMC_SET_BLOCKLEN 16
#define MMC_READ_SINGLE_BLOCK 17
#define MMC_READ_MULTIPLE_BLOCK 18
#define MMC_WRITE_BLOCK 24
#define MMC_WRITE_MULTIPLE_BLOCK 25
#define SD_ERASE_START 32
#define SD_ERASE_END 33
#define MMC_ERASE_START 35
#define MMC_ERASE_END 36
#define MMC_ERASE 38
#define SD_APP_CMD 55
/* After SD_APP_CMD. */
#define SD_ACMD_SET_BUS_WIDTH 6
#define SD_ACMD_SD_SEND_OP_COND 41
#define SD_ACMD_SET_CLR_CARD_DETECT 42
#define SD_ACMD_SEND_SCR 51

/* Arguments of MMC_ERASE: eMMC 6.6.9 to 6.6.12. */
#define MMC_ERASE_ARG 0
#define MMC_TRIM_ARG 1
#define MMC_DISCARD_ARG 3

/* Operation conditions: SD 5.1, eMMC 7.1. */
#define OCR_VOLTAGES 0x00300000 /* 3.2 to 3.4 V */
#define OCR_HIGH_CAPACITY BIT(30)
#define OCR_SECTOR_MODE BIT(30) /* eMMC: access mode, with bit 29 clear */
#define OCR_READY BIT(31)
/* SD_SEND_IF_COND: 2.7 to 3.6 V, and a pattern that the card echoes. */
#define IF_COND 0x1aa

/* Card status, of R1: SD 4.10.1, eMMC 6.13. */
#define R1_OUT_OF_RANGE BIT(31)
#define R1_ADDRESS_ERROR BIT(30)
#define R1_BLOCK_LEN_ERROR BIT(29)
#define R1_ERASE_SEQ_ERROR BIT(28)
#define R1_ERASE_PARAM BIT(27)
#define R1_WP_VIOLATION BIT(26)
#define R1_COM_CRC_ERROR BIT(23)
#define R1_ILLEGAL_COMMAND BIT(22)
#define R1_CARD_ECC_FAILED BIT(21)
#define R1_CC_ERROR BIT(20)
#define R1_ERROR BIT(19)
#define R1_READY_FOR_DATA BIT(8)
#define R1_SWITCH_ERROR BIT(7) /* eMMC */
#define R1_ERRORS \
	(R1_OUT_OF_RANGE | R1_ADDRESS_ERROR | R1_BLOCK_LEN_ERROR | \
	 R1_ERASE_SEQ_ERROR | R1_ERASE_PARAM | R1_WP_VIOLATION | \
	 R1_COM_CRC_ERROR | R1_ILLEGAL_COMMAND | R1_CARD_ECC_FAILED | \
	 R1_CC_ERROR | R1_ERROR)
#define R1_STATE(status) FIELD(status, 12, 9)
#define MMC_STATE_TRANSFER 4
#define MMC_STATE_DATA 5
#define MMC_STATE_RECEIVE 6

/* EXT_CSD: eMMC 7.4. */
#define EXT_CSD_SIZE 512
#define EXT_CSD_FLUSH_CACHE 32
#define EXT_CSD_CACHE_CTRL 33
#define EXT_CSD_BUS_WIDTH 183
#define EXT_CSD_HS_TIMING 185
#define EXT_CSD_FIXED 192 /* from here on: read-only properties */
#define EXT_CSD_BUS_WIDTH_4 1
#define EXT_CSD_BUS_WIDTH_8 2

#define SCR_SIZE 8
#define SWITCH_STATUS_SIZE 64
/* Argument of MMC_SWITCH of an SD card: SD 4.3.10. Group 1: access mode. */
#define SD_SWITCH_CHECK_HS 0x00fffff1U
#define SD_SWITCH_SET_HS 0x80fffff1U

enum mmc_kind { MMC_KIND_SD, MMC_KIND_EMMC };

/* What is known of a card. */
struct mmc_info {
	enum mmc_kind kind;
	bool sector_addresses; /* commands count sectors, not bytes */
	uint64_t nsectors;
	uint32_t cid[4];
	uint32_t rca;
	bool write_protected; /* by a bit of the CSD */
	bool can_erase;       /* command class 5 */
	bool can_switch;      /* command class 10 */
	bool width_4;
	bool high_speed;
	bool cache;             /* eMMC: has one */
	bool trim;              /* eMMC: any sector can be */
	bool discard;           /* eMMC */
	bool trim_zeroes;       /* eMMC: what is trimmed reads as zeroes */
	uint32_t switch_ms;     /* eMMC: how long a switch may take */
	uint32_t trim_ms;       /* eMMC: likewise, erasing one unit */
	uint32_t erase_sectors; /* eMMC: that unit */
};

/*
 * Decode registers, given as in a long response: most significant word first.
 * -ERR_FORMAT: the contents are not valid; -ERR_NOSUPP: an unknown version.
 * Fields of *info that the register does not have are left alone.
 */
int __must_check sd_decode_csd(const uint32_t csd[4], struct mmc_info *info);
int __must_check mmc_decode_csd(const uint32_t csd[4], struct mmc_info *info);
int __must_check sd_decode_scr(const uint8_t scr[SCR_SIZE],
			       struct mmc_info *info);
int __must_check mmc_decode_ext_csd(const uint8_t ext[EXT_CSD_SIZE],
				    struct mmc_info *info);
/* Does the answer to SD_SWITCH_CHECK_HS or _SET_HS say that high speed is
 * supported, or selected? */
bool sd_switch_can_hs(const uint8_t status[SWITCH_STATUS_SIZE]);
bool sd_switch_is_hs(const uint8_t status[SWITCH_STATUS_SIZE]);

/* The product's name from the CID, for a person. */
#define MMC_NAME_MAX 7
void mmc_name(const struct mmc_info *info, char buf[MMC_NAME_MAX]);

#endif
