/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command top: samples of what guests have used so far, and rates from two of
 * them. The list of VCPUs is walked under its lock, where memory cannot be
 * allocated: a VCPU that is created while we allocate is in the next sample.
 */
#include <core/guest.h>
#include <core/heap.h>
#include <core/netswitch.h>
#include <core/page.h>
#include <core/sched.h>
#include <core/vdisk.h>
#include <libs/error.h>
#include <stdio.h>
#include <string.h>

#include "top.h"

#define TOP_SPARE 8

static int rows_alloc(struct top_rows *rows, size_t size)
{
	rows->items = heap_alloc_array(size, sizeof(rows->items[0]));
	rows->count = 0;
	rows->size = rows->items != NULL ? size : 0;
	return rows->items != NULL ? 0 : -ERR_NOMEM;
}

static struct top_row *row_add(struct top_rows *rows)
{
	return rows->count < rows->size ? &rows->items[rows->count++] : NULL;
}

/* --- guests and VCPUs ----------------------------------------------------- */

static void take_guests(struct top_rows *rows)
{
	struct top_row *row;
	struct guest *g;

	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		row = row_add(rows);
		if (row != NULL) {
			(void)snprintf(row->name, sizeof(row->name), "%s",
				       g->name);
			row->state = guest_state_name(g->state);
			row->owner = &g->group;
			row->id = g->id;
		}
		guest_put(g);
	}
}

static void count_vcpu(struct vcpu *v, void *arg)
{
	size_t *n = arg;

	(void)v;
	(*n)++;
}

static struct top_row *row_of_owner(struct top_rows *rows, const void *owner)
{
	for (size_t i = 0; owner != NULL && i < rows->count; i++) {
		if (rows->items[i].owner == owner) {
			return &rows->items[i];
		}
	}
	return NULL;
}

static void take_exits(struct top_row *row, const struct vcpu *v)
{
	arch_vcpu_exits(v, &row->count[TOP_REASON]);
	for (unsigned int i = 0; i < VCPU_EXITS; i++) {
		row->count[TOP_EXITS] += row->count[TOP_REASON + i];
	}
}

static bool is_idle(const struct vcpu *v)
{
	return v->cpu < cpu_count && percpu_table[v->cpu] != NULL &&
	       percpu_table[v->cpu]->idle == v;
}

/* Called under the list's lock. A guest's time includes that of the threads
 * that work for it; its exits are those of its VCPUs. */
static void take_vcpu(struct vcpu *v, void *arg)
{
	struct top_sample *sample = arg;
	struct top_row *guest = row_of_owner(&sample->guests, v->group);
	struct vcpu_times times;
	struct top_row *row;

	if (is_idle(v)) {
		return;
	}
	sched_times(v, &times);
	sample->running += times.running;
	if (guest != NULL) {
		guest->running += times.running;
		guest->throttled += times.throttled;
	}
	row = v->guest != NULL ? row_add(&sample->vcpus) : NULL;
	if (row == NULL) {
		return;
	}
	memcpy(row->name, v->name, sizeof(v->name));
	row->state = vcpu_state_name(v);
	row->owner = v->group;
	row->id = v->id;
	row->cpu = v->cpu;
	row->running = times.running;
	row->throttled = times.throttled;
	take_exits(row, v);
	for (unsigned int i = TOP_EXITS; guest != NULL && i < TOP_DISK_IOS;
	     i++) {
		guest->count[i] += row->count[i];
	}
}

/* --- disks and networks --------------------------------------------------- */

static struct top_row *row_of_name(struct top_rows *rows, const char *name,
				   size_t n)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct top_row *row = &rows->items[i];

		if (strncmp(row->name, name, n) == 0 && row->name[n] == '\0') {
			return row;
		}
	}
	return NULL;
}

static void take_disk(struct top_rows *guests, const struct vdisk_info *info)
{
	/* "DEVICE of GUEST" */
	const char *of = strchr(info->client, ' ');
	struct top_row *row;

	if (of == NULL || strncmp(of, " of ", 4) != 0) {
		return;
	}
	row = row_of_name(guests, of + 4, strlen(of + 4));
	if (row == NULL) {
		return;
	}
	for (unsigned int op = 0; op < BLOCK_OPS; op++) {
		row->count[TOP_DISK_IOS] += info->stats.requests[op];
	}
	row->count[TOP_DISK_READ] += info->stats.sectors[BLOCK_READ]
				     << BLOCK_SECTOR_SHIFT;
	row->count[TOP_DISK_WRITTEN] += info->stats.sectors[BLOCK_WRITE]
					<< BLOCK_SECTOR_SHIFT;
}

static void take_disks(struct top_rows *guests)
{
	struct vdisk_info info;
	struct vdisk *vd;

	for (unsigned int n = 0; (vd = vdisk_get_nth(n)) != NULL; n++) {
		vdisk_get_info(vd, &info);
		vdisk_put(vd);
		take_disk(guests, &info);
	}
}

/* Directions of a port are seen from the switch: what comes in there was sent
 * by the guest. */
static void take_port(struct top_rows *guests, const struct netport_info *info)
{
	/* "GUEST.DEVICE" */
	const char *dot = strrchr(info->name, '.');
	struct top_row *row;

	if (dot == NULL || info->uplink) {
		return;
	}
	row = row_of_name(guests, info->name, (size_t)(dot - info->name));
	if (row == NULL) {
		return;
	}
	row->count[TOP_NET_RX] += info->counts[NETPORT_OUT].packets;
	row->count[TOP_NET_RX_BYTES] += info->counts[NETPORT_OUT].bytes;
	row->count[TOP_NET_TX] += info->counts[NETPORT_IN].packets;
	row->count[TOP_NET_TX_BYTES] += info->counts[NETPORT_IN].bytes;
}

static void take_ports(struct top_rows *guests)
{
	struct netport_info info;
	struct netport *p;

	for (unsigned int n = 0; (p = netport_get_nth(n)) != NULL; n++) {
		netport_get_info(p, &info);
		netport_put(p);
		take_port(guests, &info);
	}
}

/* --- samples -------------------------------------------------------------- */

static void take_host(struct top_sample *out)
{
	struct page_stats st;

	page_get_stats(&st);
	out->memory = st.total * PAGE_SIZE;
	out->memory_free = st.free * PAGE_SIZE;
	for (unsigned int i = 0; i < cpu_count; i++) {
		out->cpus += cpu_online(i);
	}
}

static size_t count_guests(void)
{
	struct guest *g;
	size_t n = 0;

	for (; (g = guest_get_nth((unsigned int)n)) != NULL; n++) {
		guest_put(g);
	}
	return n;
}

int top_take(struct top_sample *out)
{
	size_t vcpus = 0;
	int err;

	memset(out, 0, sizeof(*out));
	sched_for_each(count_vcpu, &vcpus);
	err = rows_alloc(&out->guests, count_guests() + TOP_SPARE);
	if (err == 0) {
		err = rows_alloc(&out->vcpus, vcpus + TOP_SPARE);
	}
	if (err != 0) {
		return err;
	}
	take_guests(&out->guests);
	out->at = time_now();
	out->up_ms = time_now_ns() / 1000000;
	sched_for_each(take_vcpu, out);
	if (IS_ENABLED(CONFIG_BLOCK)) {
		take_disks(&out->guests);
	}
	if (IS_ENABLED(CONFIG_NET)) {
		take_ports(&out->guests);
	}
	take_host(out);
	return 0;
}

/* The rate a second. A count restarts from 0 where a device was bound again. */
static uint64_t per_second(uint64_t now, uint64_t before, uint64_t span_ms)
{
	return now > before ? (now - before) * 1000 / span_ms : 0;
}

static unsigned int permille(ticks_t now, ticks_t before, ticks_t span)
{
	return now > before ? (unsigned int)((now - before) * 1000 / span) : 0;
}

/* Rows may have been sorted since, so they are found by id. */
static void rates_of_rows(struct top_rows *now, const struct top_rows *before,
			  ticks_t span)
{
	uint64_t span_ms = MAX(ticks_to_ns(span) / 1000000, UINT64_C(1));

	for (size_t i = 0; i < now->count; i++) {
		struct top_row *row = &now->items[i];
		const struct top_row *old = NULL;

		for (size_t k = 0; k < before->count && old == NULL; k++) {
			if (before->items[k].id == row->id) {
				old = &before->items[k];
			}
		}
		if (old == NULL) {
			continue;
		}
		for (unsigned int k = 0; k < TOP_COUNTS; k++) {
			row->rate[k] = per_second(row->count[k], old->count[k],
						  span_ms);
		}
		row->permille = permille(row->running, old->running, span);
		row->waits = permille(row->throttled, old->throttled, span);
	}
}

void top_rates(struct top_sample *now, const struct top_sample *before)
{
	ticks_t span = MAX(now->at - before->at, (ticks_t)1);

	rates_of_rows(&now->guests, &before->guests, span);
	rates_of_rows(&now->vcpus, &before->vcpus, span);
	now->permille = permille(now->running, before->running, span);
}

void top_free(struct top_sample *sample)
{
	heap_free(sample->guests.items);
	heap_free(sample->vcpus.items);
	memset(sample, 0, sizeof(*sample));
}
