/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv2m frame (Arm SBSA DEN0029, appendix E): writing the number of an SPI to
 * a register makes that SPI pending.
 */
#include <arch/mmio.h>
#include <core/device.h>
#include <core/heap.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/msi.h>
#include <libs/error.h>

#define V2M_MSI_TYPER 0x008
#define V2M_MSI_SETSPI_NS 0x040
#define TYPER_BASE(v) FIELD(v, 25, 16)
#define TYPER_COUNT(v) FIELD(v, 9, 0)
#define V2M_MOST 128 /* most SPIs of a frame that are used */

struct gicv2m {
	struct msi_controller mc;
	paddr_t doorbell;
	uint32_t first, count;
	uint64_t used[V2M_MOST / 64]; /* a bit for each */
};

static bool is_used(const struct gicv2m *m, uint32_t i)
{
	return m->used[i / 64] >> i % 64 & 1;
}

/*
 * The message's data is the interrupt number, and a function with several MSI
 * vectors changes its low bits: the first of n interrupts must be a multiple of
 * n.
 */
static int gicv2m_alloc(struct msi_controller *mc, uint32_t device,
			unsigned int n, struct msi *out)
{
	struct gicv2m *m = container_of(mc, struct gicv2m, mc);

	(void)device;
	for (uint32_t at = ALIGN_UP(m->first, n) - m->first; at + n <= m->count;
	     at += n) {
		uint32_t i = 0;

		while (i < n && !is_used(m, at + i)) {
			i++;
		}
		if (i < n) {
			continue;
		}
		for (i = at; i < at + n; i++) {
			m->used[i / 64] |= BIT(i % 64);
		}
		*out = (struct msi){
			.address = m->doorbell.v,
			.data = m->first + at,
			.irq = m->first + at,
		};
		return 0;
	}
	return -ERR_NOSPC;
}

static void gicv2m_free(struct msi_controller *mc, uint32_t device,
			unsigned int n, const struct msi *msi)
{
	struct gicv2m *m = container_of(mc, struct gicv2m, mc);

	(void)device;
	for (uint32_t i = msi->irq - m->first; n > 0; n--, i++) {
		m->used[i / 64] &= ~BIT(i % 64);
	}
}

static int gicv2m_probe(struct device *dev)
{
	struct gicv2m *m;
	volatile void *regs;
	uint32_t typer, first, count;
	uint64_t size;
	paddr_t base;
	int err = device_map(dev, 0, &regs, NULL);

	if (err) {
		return err;
	}
	err = dt_reg(dev->dt, 0, &base, &size);
	if (err) {
		return err;
	}
	typer = mmio_read32((volatile uint8_t *)regs + V2M_MSI_TYPER);
	/* These properties override a register that is wrong on some boards. */
	if (dt_u32(dev->dt, "arm,msi-base-spi", &first)) {
		first = (uint32_t)TYPER_BASE(typer);
	}
	if (dt_u32(dev->dt, "arm,msi-num-spis", &count)) {
		count = (uint32_t)TYPER_COUNT(typer);
	}
	if (first < 32 || count == 0) {
		return -ERR_IO;
	}
	m = heap_alloc(sizeof(*m));
	if (!m) {
		return -ERR_NOMEM;
	}
	m->doorbell = PADDR(base.v + V2M_MSI_SETSPI_NS);
	m->first = first;
	m->count = MIN(count, (uint32_t)V2M_MOST);
	m->mc = (struct msi_controller){
		.dt = dev->dt,
		.alloc = gicv2m_alloc,
		.free = gicv2m_free,
	};
	msi_add(&m->mc);
	return 0;
}

static const char *const gicv2m_compatible[] = { "arm,gic-v2m-frame", NULL };
static const struct driver gicv2m_driver = {
	.name = "gicv2m",
	.class = DEVICE_IRQCHIP,
	.compatible = gicv2m_compatible,
	.probe = gicv2m_probe,
};
DRIVER(gicv2m_driver);
