/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy hub: whatever comes in goes out at every other port. */
#include <core/netswitch.h>

static int hub_create(struct netswitch *sw, void **state)
{
	(void)sw;
	*state = NULL;
	return 0;
}

static void hub_destroy(void *state)
{
	(void)state;
}

static unsigned int hub_forward(void *state, const struct netswitch_query *q)
{
	(void)state;
	(void)q;
	return NETSWITCH_FLOOD;
}

static const struct netswitch_policy hub_policy = {
	.name = "hub",
	.summary = "every frame goes to all other ports",
	.create = hub_create,
	.destroy = hub_destroy,
	.forward = hub_forward,
};
NETSWITCH_POLICY(hub_policy);
