/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages with checksums through the ring of docs/howto/examples/shared-ring,
 * by Linux's devices for drivers in user space: of "socle,shared-memory",
 * mapping 0 is the window and mapping 1 its doorbell, whose interrupt is read.
 * Bare system calls: the guests of the tests have no C library of their own.
 *
 *	ring produce DEVICE MIB		so many MiB, by messages of 4 KiB
 *	ring consume DEVICE MIB
 *	ring look DEVICE		the first word
 *
 * The messages are those of tests/guest/arm64/ring_side.c. Linux maps the
 * window as Device memory: accesses are aligned words, and the region is one
 * that is not cacheable for anybody.
 */
#include "docs/howto/examples/shared-ring/doorbell.h"
#include "docs/howto/examples/shared-ring/shared_ring.h"
#include "say.h"

#define AT_FDCWD ((uint64_t)-100)
#define O_RDWR 2
#define PROT_READ_WRITE 3
#define MAP_SHARED 1
#define PAGE 4096

#define SLOTS 64
#define SIZE 4096
#define WORDS (SIZE / 8)
#define VECTOR 0

struct message {
	uint64_t number;
	uint64_t sum; /* of the words */
	uint64_t words[WORDS - 2];
};

static uint64_t device;
static uintptr_t doorbell;

static void *map(uint64_t number, uint64_t size)
{
	/* UIO: mapping N is at N pages. */
	int64_t at = program_call6(SYS_MMAP, 0, size, PROT_READ_WRITE,
				   MAP_SHARED, device, number * PAGE);

	check(at, "mmap");
	return (void *)at;
}

static void *open_window(const char *path, uint64_t size)
{
	int64_t fd = call(SYS_OPENAT, AT_FDCWD, (uint64_t)path, O_RDWR);

	check(fd, path);
	device = (uint64_t)fd;
	return map(0, size);
}

/* The driver turns it off when it comes. */
static void interrupt_on(void)
{
	uint32_t on = 1;

	check(call(SYS_WRITE, device, (uint64_t)&on, sizeof(on)), "interrupt");
}

static void start(struct sring *r, const char *path, bool producer)
{
	void *window = open_window(path, SRING_BYTES(SLOTS, SIZE));

	doorbell = (uintptr_t)map(1, PAGE);
	if (!sring_attach(r, window, SLOTS, SIZE, producer)) {
		print("no ring\n");
		leave(1);
	}
	interrupt_on();
	doorbell_write(doorbell, DOORBELL_ENABLE, UINT32_MAX);
	doorbell_write(doorbell, DOORBELL_STATE, 1);
}

static void ring(void)
{
	uint32_t up = doorbell_read(doorbell, DOORBELL_STATUS);
	uint32_t self = doorbell_read(doorbell, DOORBELL_NUMBER);

	for (uint32_t n = 0; n < DOORBELL_VECTOR_STATUS; n++) {
		if (n != self && (up >> n & 1)) {
			doorbell_ring(doorbell, n, VECTOR);
		}
	}
}

static void idle(const struct sring *r)
{
	uint32_t count;

	if (sring_wait(r)) {
		check(call(SYS_READ, device, (uint64_t)&count, sizeof(count)),
		      "interrupt");
		interrupt_on();
		(void)doorbell_read(doorbell, DOORBELL_ACK);
		sring_awake(r);
	}
}

static void broken(uint64_t n)
{
	print("wrong: message ");
	print_number(n);
	print("\n");
	leave(1);
}

static void fill(volatile struct message *m, uint64_t number)
{
	uint64_t x = number * UINT64_C(0x9e3779b97f4a7c15) + 1, sum = 0;

	m->number = number;
	for (unsigned int i = 0; i < WORDS - 2; i++) {
		x = (x << 7 | x >> 57) + UINT64_C(0x632be59bd9b4e019);
		m->words[i] = x;
		sum += x;
	}
	m->sum = sum;
}

static void produce(struct sring *r, uint64_t messages)
{
	void *m;

	for (uint64_t n = 0; n < messages;) {
		enum sring_result result = sring_reserve(r, &m);

		if (result == SRING_BROKEN) {
			broken(n);
		} else if (result == SRING_AGAIN) {
			idle(r);
		} else {
			fill(m, n++);
			if (sring_commit(r, SIZE)) {
				ring();
			}
		}
	}
}

static bool right(const volatile struct message *m, uint64_t number,
		  uint32_t length)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < WORDS - 2; i++) {
		sum += m->words[i];
	}
	return length == SIZE && m->number == number && m->sum == sum;
}

static void consume(struct sring *r, uint64_t messages)
{
	const void *m;
	uint32_t length;

	for (uint64_t n = 0; n < messages;) {
		enum sring_result result = sring_peek(r, &m, &length);

		if (result == SRING_AGAIN) {
			idle(r);
		} else if (result == SRING_BROKEN || !right(m, n, length)) {
			broken(n);
		} else {
			n++;
			if (sring_release(r)) {
				ring();
			}
		}
	}
}

static void exchange(const char *path, uint32_t mib, bool producer)
{
	uint64_t messages = (uint64_t)mib * ((1 << 20) / SIZE);
	struct sring r;

	start(&r, path, producer);
	if (producer) {
		produce(&r, messages);
	} else {
		consume(&r, messages);
	}
	print_number(mib);
	print(" MiB\n");
}

static void look(const char *path)
{
	volatile uint32_t *window = open_window(path, PAGE);

	print_number(*window);
	print("\n");
}

/* Called by the entry point alone. */
void begin(uintptr_t *stack);
__attribute__((used, noreturn)) void begin(uintptr_t *stack)
{
	char **argv = (char **)(stack + 1);
	const char *verb = stack[0] > 2 ? argv[1] : "";

	if (stack[0] == 4 && (is(verb, "produce") || is(verb, "consume"))) {
		exchange(argv[2], number(argv[3]), is(verb, "produce"));
	} else if (stack[0] == 3 && is(verb, "look")) {
		look(argv[2]);
	} else {
		print("ring produce|consume DEVICE MIB | look DEVICE\n");
		leave(2);
	}
	leave(0);
}
PROGRAM_START(begin);
