/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ethernet PHYs behind MDIO (IEEE 802.3, clause 22): whether there is a link,
 * and its speed and duplex. */
#ifndef DRIVERS_NET_PHY_PRIV_H
#define DRIVERS_NET_PHY_PRIV_H

#include <libs/types.h>

#define PHY_UNKNOWN 32 /* no address */

struct phy_ops {
	/* Bounded. -ERR_TIMEOUT: the bus did not answer. */
	int (*read)(void *arg, unsigned int phy, unsigned int reg,
		    uint16_t *out);
	int (*write)(void *arg, unsigned int phy, unsigned int reg, uint16_t v);
};

struct phy {
	const struct phy_ops *ops;
	void *arg;
	unsigned int addr; /* PHY_UNKNOWN: none answers */
};

struct phy_link {
	bool up, full_duplex;
	unsigned int mbits; /* 10, 100, 1000 */
};

/* Find the PHY, at `likely` (which may be PHY_UNKNOWN) or the first address
 * that answers, and start negotiation. Bounded if ops are. Thread context. */
void phy_find(struct phy *p, const struct phy_ops *ops, void *arg,
	      unsigned int likely);
/* Read the state of the link. Without a PHY that answers, it is taken to be up,
 * at 1000 Mbit/s full duplex. Thread context. */
void phy_poll(struct phy *p, struct phy_link *out);

#endif
