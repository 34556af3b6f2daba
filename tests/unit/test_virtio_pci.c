/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtIO over PCI: which vector is whose, and whose interrupts go to a CPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <core/irq.h>
#include <core/pci.h>

#define NONE (-1)

/* Where each vector's interrupts were sent. */
static int cpu_of[PCI_VECTORS_MAX];

static int send_to(unsigned int irq, unsigned int cpu)
{
	assert_true(irq < PCI_VECTORS_MAX);
	cpu_of[irq] = (int)cpu;
	return 0;
}

#define irq_set_affinity send_to
#include "drivers/virtio/pci.c"
#undef irq_set_affinity

/* The interfaces, which no test here has. */

int virtio_pci_modern(struct virtio_pci *vp)
{
	(void)vp;
	return -ERR_NOSUPP;
}

int virtio_pci_legacy(struct virtio_pci *vp)
{
	(void)vp;
	return -ERR_NOSUPP;
}

static struct pci_device function;
static struct virtio_pci transport;
static struct virtio_queue queues[VIRTIO_HOST_QUEUES];

static void used(struct virtio_queue *q)
{
	(void)q;
}

static void begin(unsigned int nvectors, unsigned int nqueues)
{
	memset(&transport, 0, sizeof(transport));
	memset(&function, 0, sizeof(function));
	function.irq_mode = PCI_IRQ_MSIX;
	transport.pci = &function;
	transport.nvectors = nvectors;
	transport.vh.nqueues = nqueues;
	for (unsigned int i = 0; i < PCI_VECTORS_MAX; i++) {
		function.vectors[i].irq = i;
		cpu_of[i] = NONE;
	}
	for (unsigned int i = 0; i < nqueues; i++) {
		queues[i] = (struct virtio_queue){
			.host = &transport.vh,
			.index = (uint16_t)(10 + i),
			.interrupt = (uint16_t)i,
			.used = used,
		};
		transport.vh.queues[i] = &queues[i];
	}
}

static void steer_all(void)
{
	for (unsigned int i = 0; i < transport.vh.nqueues; i++) {
		virtio_pci_steer(&queues[i], i);
	}
}

static void test_own_vectors(void **state)
{
	(void)state;
	begin(4, 3);
	steer_all();
	assert_int_equal(cpu_of[0], NONE); /* the configuration's */
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(virtio_pci_vector(&transport, &queues[i]),
				 1 + i);
		assert_int_equal(cpu_of[1 + i], i);
	}
}

/* A queue without used() takes no vector from others. */
static void test_silent_queue(void **state)
{
	(void)state;
	begin(3, 3);
	queues[1].used = NULL;
	queues[2].interrupt = 1;
	steer_all();
	assert_int_equal(virtio_pci_vector(&transport, &queues[1]),
			 VIRTIO_PCI_NO_VECTOR);
	assert_int_equal(cpu_of[1], 0);
	assert_int_equal(cpu_of[2], 2);
	assert_int_equal(virtio_pci_own_interrupts(&transport.vh), 2);
}

/* A vector that two queues share stays; one that a queue has alone goes. */
static void test_shared(void **state)
{
	(void)state;
	begin(3, 3);
	steer_all();
	assert_int_equal(virtio_pci_vector(&transport, &queues[0]), 1);
	assert_int_equal(virtio_pci_vector(&transport, &queues[2]), 1);
	assert_int_equal(cpu_of[1], NONE);
	assert_int_equal(cpu_of[2], 1);
	/* The only vector is also the configuration's. */
	begin(1, 1);
	steer_all();
	assert_int_equal(cpu_of[0], NONE);
	/* A line. */
	begin(1, 1);
	function.irq_mode = PCI_IRQ_NONE;
	steer_all();
	assert_int_equal(cpu_of[0], NONE);
	assert_int_equal(virtio_pci_vector(&transport, &queues[0]),
			 VIRTIO_PCI_NO_VECTOR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_vectors),
		cmocka_unit_test(test_silent_queue),
		cmocka_unit_test(test_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
