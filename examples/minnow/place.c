/* SPDX-License-Identifier: 0BSD */
/* place.c: places, their errands, and the gates between them. */
#include "minnow.h"

#define WAKE_PAGE	0x8000
#define ARRIVAL_MS	300		/* without a newcomer: all are there */

extern char wake[], wake_end[];
void place_begin(unsigned turn);
void minnow(void);

struct place *place_at[IDS_MAX];
unsigned places;
static struct place memory[PLACES_MAX];

/* ---- gates ---- */

void
gate_enter(struct gate *gate)
{
	uint32_t ticket;

	here()->gates++;
	ticket = __atomic_fetch_add(&gate->next, 1, __ATOMIC_RELAXED);
	/* ends: whoever is inside runs on */
	while (__atomic_load_n(&gate->serving, __ATOMIC_ACQUIRE) != ticket)
		__builtin_ia32_pause();
}

void
gate_leave(struct gate *gate)
{
	__atomic_store_n(&gate->serving, gate->serving + 1, __ATOMIC_RELEASE);
	here()->gates--;
}

/* ---- errands ---- */

bool
errand_send(unsigned id, void (*errand)(void *arg), void *arg)
{
	struct place *place = place_at[id];

	if (__atomic_load_n(&place->has_errand, __ATOMIC_ACQUIRE))
		return false;
	place->errand = errand;
	place->errand_arg = arg;
	__atomic_store_n(&place->has_errand, true, __ATOMIC_SEQ_CST);
	apic_send(id, VECTOR_NUDGE);
	return true;
}

static struct {
	void (*errand)(void *arg);
	void *arg;
	unsigned left;
} everywhere;

static void
do_share(void *arg)
{
	(void)arg;
	everywhere.errand(everywhere.arg);
	__atomic_fetch_sub(&everywhere.left, 1, __ATOMIC_RELEASE);
}

void
places_do(void (*errand)(void *arg), void *arg)
{
	everywhere.errand = errand;
	everywhere.arg = arg;
	everywhere.left = places;
	for (unsigned id = 0; id < IDS_MAX; id++)
		if (place_at[id] != NULL && place_at[id] != here())
			while (!errand_send(id, do_share, NULL))
				__builtin_ia32_pause();
	do_share(NULL);
	while (__atomic_load_n(&everywhere.left, __ATOMIC_ACQUIRE) != 0)
		__builtin_ia32_pause();
}

void
errand_by_nmi(unsigned id, void (*errand)(void *arg), void *arg)
{
	place_at[id]->nmi_arg = arg;
	__atomic_store_n(&place_at[id]->nmi_errand, errand, __ATOMIC_RELEASE);
	apic_send(id, SEND_NMI);
}

/* Interrupts are off until the very instruction that halts. */
static void
rest(struct place *self)
{
	hush();
	if (!__atomic_load_n(&self->has_errand, __ATOMIC_ACQUIRE)) {
		self->hush--;
		__asm__ volatile("sti; hlt" ::: "memory");
	} else {
		unhush();
	}
}

void
place_run(void)
{
	struct place *self = here();

	for (;;) {	/* for good */
		if (__atomic_load_n(&self->has_errand, __ATOMIC_ACQUIRE)) {
			self->errand(self->errand_arg);
			__atomic_store_n(&self->has_errand, false,
			    __ATOMIC_RELEASE);
		}
		rest(self);
	}
}

/* ---- coming up ---- */

/* Each place, hushed: boot.S counts them as they come. */
void
place_begin(unsigned turn)
{
	struct place *self = &memory[turn];

	self->self = self;
	self->hush = 1;
	self->id = apic_id();
	msr_write(0xc0000101, (uint64_t)self);	/* the base of %gs */
	if (turn == 0)
		clock_init();
	traps_init();
	__atomic_store_n(&place_at[self->id], self, __ATOMIC_RELEASE);
	__atomic_fetch_add(&places, 1, __ATOMIC_RELEASE);
	unhush();
	if (turn == 0)
		minnow();
	place_run();
}

void
places_start(void)
{
	unsigned before;

	memcpy((void *)WAKE_PAGE, wake, (size_t)(wake_end - wake));
	apic_start(WAKE_PAGE / PAGE_BYTES);
	do {
		before = __atomic_load_n(&places, __ATOMIC_ACQUIRE);
		wait_ms(ARRIVAL_MS);
	} while (__atomic_load_n(&places, __ATOMIC_ACQUIRE) != before);
}
