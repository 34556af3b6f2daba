/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The example of docs/howto/add-a-virtio-device.md: a device that turns letters
 * by some places of the alphabet. Its one queue takes chains of a text to be
 * read and room for the result; how many places is in its configuration space.
 */
#include <core/schema.h>
#include <core/virtio.h>
#include <core/virtio_mmio.h>
#include <libs/error.h>

/* No type of the specification's section 5. */
#define CAESAR_ID 0x3f
#define CAESAR_QUEUE_SIZE 64
#define CAESAR_PARTS_MAX 16  /* of a chain */
#define CAESAR_CHAINS_MAX 8  /* in one trap */
#define CAESAR_BYTES_MAX 256 /* of a chain; the rest is left out */

/* Configuration space: one byte. */
#define CAESAR_CONFIG_PLACES 0
#define CAESAR_CONFIG_SIZE 1

#define CAESAR_PLACES 3 /* if the node does not say */

struct caesar {
	uint8_t places; /* below 26; vd->lock, read without it */
};

static struct caesar *of(struct virtio_device *vd)
{
	return vd->state;
}

static uint8_t turned(uint8_t c, uint8_t places)
{
	uint8_t base = c >= 'a' ? 'a' : 'A';

	if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z')) {
		return c;
	}
	return (uint8_t)(base + (c - base + places) % 26);
}

/* The text as the driver framed it, into the room as it framed that. How many
 * bytes it wrote. */
static uint32_t caesar_turn(struct virtq_chain *chain, uint8_t places)
{
	uint8_t text[CAESAR_BYTES_MAX];
	size_t n = io_list_pull(&chain->readable, text, sizeof(text));

	for (size_t i = 0; i < n; i++) {
		text[i] = turned(text[i], places);
	}
	return (uint32_t)io_list_fill(&chain->writable, text, n);
}

/* What is there, or as much of it as a trap may do. The queue's lock is held.
 * */
static void caesar_batch(struct virtqueue *vq, uint8_t places)
{
	struct io_segment segs[CAESAR_PARTS_MAX];
	struct virtq_chain chain = { .segs = segs, .max = ARRAY_SIZE(segs) };

	virtqueue_kicks_off(vq);
	for (unsigned int n = 0; n < CAESAR_CHAINS_MAX; n++) {
		if (virtqueue_pop(vq, &chain) != 1) {
			return;
		}
		virtqueue_push(vq, &chain, caesar_turn(&chain, places));
	}
}

static int caesar_kick(struct virtio_device *vd, struct virtqueue *vq)
{
	uint8_t places = READ_ONCE(of(vd)->places);
	unsigned long flags = virtqueue_lock(vq);
	unsigned int what;

	caesar_batch(vq, places);
	what = virtqueue_finish(vq);
	virtqueue_unlock(vq, flags);
	if (what & VIRTQUEUE_DUE) {
		virtio_interrupt(vq);
	}
	return what & VIRTQUEUE_MORE ? -ERR_BUSY : 0;
}

static uint64_t caesar_config_read(struct virtio_device *vd, uint32_t off,
				   uint32_t size)
{
	(void)off; /* there is but one byte */
	(void)size;
	return of(vd)->places;
}

static void caesar_config_write(struct virtio_device *vd, uint32_t off,
				uint32_t size, uint64_t value)
{
	(void)off;
	(void)size;
	WRITE_ONCE(of(vd)->places, (uint8_t)(value % 26));
}

static void caesar_reset(struct virtio_device *vd)
{
	uint32_t places = emu_prop_u32(vd->emu, "socle,places", CAESAR_PLACES);

	WRITE_ONCE(of(vd)->places, (uint8_t)places);
}

static const struct virtio_kind caesar_kind = {
	.id = CAESAR_ID,
	.max_queues = 1,
	.queue_size = CAESAR_QUEUE_SIZE,
	.config_size = CAESAR_CONFIG_SIZE,
	.state_size = sizeof(struct caesar),
	.features = VIRTIO_F_IN_ORDER, /* chains go back as they came */
	.reset = caesar_reset,
	.kick = caesar_kick,
	.config_read = caesar_config_read,
	.config_write = caesar_config_write,
};

static const struct schema_prop caesar_props[] = {
	{
		.name = "socle,places",
		.type = SCHEMA_U32,
		.max = 25,
		.otherwise = REFERENCE("3"),
		.doc = REFERENCE("By how many places it turns letters."),
	},
	VIRTIO_MMIO_PROPS,
	{ .name = NULL },
};

static const char *const caesar_compatible[] = { "example,caesar", NULL };

static const struct emulator caesar_emulator = {
	.name = "virtio-caesar",
	.compatible = caesar_compatible,
	.virtio = &caesar_kind,
	.props = caesar_props,
	VIRTIO_MMIO_EMULATOR,
};
EMULATOR(caesar_emulator);
