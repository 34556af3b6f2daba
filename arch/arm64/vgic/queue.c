/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VCPU's interrupts that wait for a list register: one circular list per
 * priority level, linked by INTID, and a bitmap of the levels in use. Every
 * operation takes constant time, whatever a guest makes pending.
 */
#include "vgic_priv.h"

static struct virq *queue_virq(const struct vgic_cpu *vc, unsigned int intid)
{
	return intid < VGIC_NR_PRIVATE
		       ? &vc->private_irqs[intid]
		       : &vc->vgic->spis[intid - VGIC_NR_PRIVATE];
}

/*
 * Active interrupts are deactivated in the order of their running priority,
 * highest first. One made active by ISACTIVER was not acknowledged by the
 * guest, so it comes after all that were. The priority at the acknowledge
 * counts: IPRIORITYR may have changed since.
 */
static uint8_t level_of(const struct virq *q, enum vgic_queue queue)
{
	if (queue != VGIC_QUEUE_ACTIVE) {
		return q->prio >> 3;
	}
	return q->acked ? q->acked_prio >> 3 : VGIC_PRI_LEVELS - 1;
}

/* Last of its level; active and acknowledged ones first. */
void vgic_queue_add(struct vgic_cpu *vc, const struct virq_ref *r,
		    enum vgic_queue queue)
{
	struct virq *q = r->q;
	uint16_t *head;
	struct virq *first;

	q->queue = (uint8_t)queue;
	q->level = level_of(q, queue);
	q->where = vc->index;
	head = &vc->head[queue][q->level];
	if (vc->levels[queue] & BIT(q->level)) {
		first = queue_virq(vc, *head);
		q->next = *head;
		q->prev = first->prev;
		queue_virq(vc, first->prev)->next = r->intid;
		first->prev = r->intid;
		if (queue == VGIC_QUEUE_ACTIVE && q->acked) {
			*head = r->intid;
		}
	} else {
		q->next = r->intid;
		q->prev = r->intid;
		*head = r->intid;
		vc->levels[queue] |= 1U << q->level;
	}
	r->b->queued |= r->m;
	if (r->intid >= VGIC_NR_PRIVATE) {
		WRITE_ONCE(vc->spis, vc->spis + 1);
	}
}

void vgic_queue_remove(struct vgic_cpu *vc, const struct virq_ref *r)
{
	struct virq *q = r->q;
	uint16_t *head = &vc->head[q->queue][q->level];

	if (q->next == r->intid) {
		vc->levels[q->queue] &= ~(1U << q->level);
	} else {
		queue_virq(vc, q->next)->prev = q->prev;
		queue_virq(vc, q->prev)->next = q->next;
		if (*head == r->intid) {
			*head = q->next;
		}
	}
	r->b->queued &= ~r->m;
	if (r->intid >= VGIC_NR_PRIVATE) {
		WRITE_ONCE(vc->spis, vc->spis - 1);
	}
}
