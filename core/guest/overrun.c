/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The health monitor's part for guests: VCPUs that had not finished their work
 * when their last window of a frame ended (arinc653). The policy only sets a
 * flag, because it has a run queue locked; a thread does here what the VCPU's
 * parameters ask for.
 */
#include <core/guest.h>
#include <core/log.h>
#include <core/work.h>

static const char *const told[SCHED_OVERRUNS] = {
	[SCHED_OVERRUN_COUNT] = "is counted",
	[SCHED_OVERRUN_LOG] = "is logged",
	[SCHED_OVERRUN_RESTART] = "the guest restarts",
	[SCHED_OVERRUN_STOP] = "the guest is stopped",
};

/* One line for a guest in this time, so that it cannot fill the log. */
#define LOG_NS UINT64_C(1000000000)

static void tell(struct guest *g, const struct vcpu *v,
		 enum sched_overrun action)
{
	uint64_t now = time_now_ns();

	if (action == SCHED_OVERRUN_LOG && g->overrun_logged &&
	    now - g->overrun_logged < LOG_NS) {
		return;
	}
	g->overrun_logged = now;
	log_warn("guest %s: VCPU %u was busy at the end of its last window; "
		 "%s",
		 g->name, v->index, told[action]);
}

static void look_at(struct guest *g)
{
	for (uint32_t i = 0; i < g->cfg->vcpus; i++) {
		struct vcpu *v = g->vcpus[i];
		enum sched_overrun action = READ_ONCE(v->params.overrun);

		if (!__atomic_exchange_n(&v->overran, false,
					 __ATOMIC_ACQ_REL) ||
		    READ_ONCE(g->action) != GUEST_ACT_NONE ||
		    READ_ONCE(v->state) == VCPU_OFF) {
			continue; /* it is being stopped, or has been */
		}
		tell(g, v, action);
		if (action == SCHED_OVERRUN_RESTART) {
			guest_request(g, GUEST_ACT_RESET);
		} else if (action == SCHED_OVERRUN_STOP) {
			guest_request(g, GUEST_ACT_POWEROFF);
		}
	}
}

static void look(struct work *w)
{
	struct guest *g;

	(void)w;
	for (unsigned int n = 0; (g = guest_get_nth(n)) != NULL; n++) {
		look_at(g);
		guest_put(g);
	}
}

static struct work look_work = {
	.node = LIST_INIT(look_work.node),
	.fn = look,
	.workqueue = &work_shared,
};

void guest_overran(void)
{
	work_queue(&look_work);
}
