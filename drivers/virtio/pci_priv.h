/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtIO over PCI: what the modern and the legacy interface share. */
#ifndef DRIVERS_VIRTIO_PCI_PRIV_H
#define DRIVERS_VIRTIO_PCI_PRIV_H

#include <core/pci.h>
#include <core/virtio_driver.h>

#define VIRTIO_PCI_NO_VECTOR 0xffff

struct virtio_pci;

/* A vector of the function, and the queue that it is for. */
struct virtio_pci_vector {
	struct virtio_pci *vp;
	unsigned int n;
};

/* Freed when the last reference to the device on it is dropped. */
struct virtio_pci {
	struct virtio_host vh;
	struct pci_device *pci;     /* [I] */
	volatile uint8_t *common;   /* [I] modern; legacy: all registers */
	volatile uint8_t *notify;   /* [I] modern */
	volatile uint8_t *isr;      /* [I] */
	volatile uint8_t *config;   /* [I] or NULL */
	uint64_t config_size;       /* [I] bytes */
	uint64_t notify_size;       /* [I] bytes */
	uint32_t notify_multiplier; /* [I] */
	unsigned int nvectors;      /* [I] */
	struct virtio_pci_vector vectors[PCI_VECTORS_MAX];
};

static inline struct virtio_pci *virtio_pci_of(struct virtio_host *vh)
{
	return container_of(vh, struct virtio_pci, vh);
}

/* The MSI-X vector of a queue, and of configuration changes; none without MSI-X
 * or used(). */
uint16_t virtio_pci_vector(const struct virtio_pci *vp,
			   const struct virtio_queue *q);
uint16_t virtio_pci_config_vector(const struct virtio_pci *vp);

int virtio_pci_irq_on(struct virtio_host *vh);
void virtio_pci_steer(struct virtio_queue *q, unsigned int cpu);
unsigned int virtio_pci_own_interrupts(const struct virtio_host *vh);
void virtio_pci_irq_off(struct virtio_host *vh);
void virtio_pci_isolate(struct virtio_host *vh);
uint32_t virtio_pci_config_read(struct virtio_host *vh, unsigned int off,
				unsigned int size);

/* Fill in the registers and the transport. -ERR_NOSUPP: the device does not
 * have this interface. */
int __must_check virtio_pci_modern(struct virtio_pci *vp);
int __must_check virtio_pci_legacy(struct virtio_pci *vp);

#endif
