/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nodes of guest descriptions; their properties are config_schema.c's. */
#include "config_priv.h"

const struct schema_node schema_nodes[] = {
	{
		.path = "/",
		.title = "The root",
		.doc = REFERENCE("Says what the guest is."),
		.required = true,
	},
	{
		.path = "/cpus",
		.title = "cpus",
		.doc = REFERENCE("The guest's VCPUs and where they run."),
	},
	{
		.path = "/memory",
		.title = "memory@ADDRESS",
		.doc = REFERENCE(
			"The guest's RAM; several nodes are allowed, 8 ranges in "
			"all. A root property `memory` with only a size takes "
			"their place."),
		.many = true,
	},
	{
		.path = "/boot",
		.title = "boot",
		.doc = REFERENCE(
			"What is loaded into RAM before the guest starts. Files "
			"are those of the hypervisor's root file system."),
		.required = true,
	},
	{
		.path = "/devices",
		.title = "devices",
		.doc = REFERENCE(
			"Changes and additions to the default machine."),
	},
	{
		.path = "/devices/*",
		.title = "devices/NAME@ADDRESS, devices/NAME",
		.doc = REFERENCE(
			"One device. With the address of a device of the default "
			"machine it stands for that one, and what it leaves "
			"out stays as it is there; else it is a new one. NAME@ADDRESS "
			"is also the name in the OS's tree. Without "
			"`@ADDRESS` a device takes the next free slot of the "
			"default machine, in the order of the description, with "
			"that slot's registers and interrupt, if its kind has "
			"slots: see the end of this page, also for properties "
			"that some kinds have of their own."),
		.many = true,
	},
	{
		.path = "/devices/intc",
		.title = "devices/intc@ADDRESS",
		.doc = REFERENCE(
			"The interrupt controller, known by its compatible."),
	},
#ifdef CONFIG_MANAGEMENT
	{
		.path = "/management",
		.title = "management",
		.doc = REFERENCE(
			"What the guest may do by a management channel (port 1 "
			"of CID 2, for guests with a vsock device). Without it, "
			"nothing. It may read the output of commands about the "
			"guests named by `observe`, and start, stop, pause and "
			"reset those named by `operate`."),
	},
#endif
#ifdef CONFIG_GUEST_OWN_TREE
	{
		.path = "/os-tree",
		.title = "os-tree",
		.doc = REFERENCE(
			"Merged into the device tree that the guest's operating "
			"system gets: nodes by path, properties replacing those "
			"of the same name. Anything is allowed inside, "
			"16 nodes deep."),
		.opaque = true,
	},
#endif
};
const unsigned int schema_node_count = ARRAY_SIZE(schema_nodes);
