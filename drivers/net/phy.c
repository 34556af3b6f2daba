/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet PHYs: IEEE 802.3, 22.2.4, 28.2.4 and 40.5. */
#include <libs/error.h>

#include "phy_priv.h"

#define PHY_CONTROL 0
#define PHY_STATUS 1
#define PHY_ID_1 2
#define PHY_ADVERTISED 4
#define PHY_PARTNER 5
#define PHY_1000_CONTROL 9
#define PHY_1000_STATUS 10

#define CONTROL_RESTART BIT(9)
#define CONTROL_POWER_DOWN BIT(11)
#define CONTROL_NEGOTIATE BIT(12)
#define STATUS_LINK BIT(2)
#define STATUS_NEGOTIATED BIT(5)
#define ABILITY_100_FULL BIT(8)
#define ABILITY_100_HALF BIT(7)
#define ABILITY_10_FULL BIT(6)
/* What PHY_1000_CONTROL offers is two bits further up in PHY_1000_STATUS. */
#define ABILITY_1000_FULL BIT(9)
#define PARTNER_1000_SHIFT 2

static bool answers(struct phy *p, unsigned int addr)
{
	uint16_t id;

	return p->ops->read(p->arg, addr, PHY_ID_1, &id) == 0 && id != 0 &&
	       id != 0xffff;
}

static uint16_t get(struct phy *p, unsigned int reg)
{
	uint16_t v;

	return p->ops->read(p->arg, p->addr, reg, &v) == 0 ? v : 0xffff;
}

static bool negotiate(struct phy *p)
{
	uint16_t control = get(p, PHY_CONTROL);
	uint16_t want = (uint16_t)((control & ~(uint32_t)CONTROL_POWER_DOWN) |
				   CONTROL_NEGOTIATE);

	if (control == want) {
		return true; /* and may have a result */
	}
	return p->ops->write(p->arg, p->addr, PHY_CONTROL,
			     want | (uint16_t)CONTROL_RESTART) == 0;
}

void phy_find(struct phy *p, const struct phy_ops *ops, void *arg,
	      unsigned int likely)
{
	*p = (struct phy){ .ops = ops, .arg = arg, .addr = likely };
	if (likely >= PHY_UNKNOWN || !answers(p, likely)) {
		p->addr = 0;
		while (p->addr < PHY_UNKNOWN && !answers(p, p->addr)) {
			p->addr++;
		}
	}
	if (p->addr < PHY_UNKNOWN && !negotiate(p)) {
		p->addr = PHY_UNKNOWN;
	}
}

/* The best that both sides offer (28B.3). */
static void resolve(struct phy *p, struct phy_link *out)
{
	uint32_t common = get(p, PHY_ADVERTISED) & get(p, PHY_PARTNER);
	uint32_t gigabit = get(p, PHY_1000_CONTROL) &
			   (get(p, PHY_1000_STATUS) >> PARTNER_1000_SHIFT);

	if (gigabit & ABILITY_1000_FULL) {
		out->mbits = 1000;
		out->full_duplex = true;
	} else if (common & (ABILITY_100_FULL | ABILITY_100_HALF)) {
		out->mbits = 100;
		out->full_duplex = common & ABILITY_100_FULL;
	} else {
		out->mbits = 10;
		out->full_duplex = common & ABILITY_10_FULL;
	}
}

void phy_poll(struct phy *p, struct phy_link *out)
{
	uint16_t status;

	*out = (struct phy_link){ .up = true,
				  .full_duplex = true,
				  .mbits = 1000 };
	if (p->addr >= PHY_UNKNOWN) {
		return;
	}
	/* "Link down" is latched until it is read once. */
	(void)get(p, PHY_STATUS);
	status = get(p, PHY_STATUS);
	if (status == 0xffff) {
		return;
	}
	out->up = (status & STATUS_LINK) && (status & STATUS_NEGOTIATED);
	if (out->up) {
		resolve(p, out);
	}
}
