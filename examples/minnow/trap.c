/* SPDX-License-Identifier: 0BSD */
/* trap.c: interrupts, faults, and the APIC that sends them. */
#include "minnow.h"

#ifdef __clang__	/* all that handlers call is built without vector registers, too */
#pragma clang diagnostic ignored "-Winterrupt-service-routine"
#endif

#define APIC		0xfee00000u
#define APIC_ID		0x020
#define APIC_EOI	0x0b0
#define APIC_SPURIOUS	0x0f0
#define APIC_ICR_LOW	0x300
#define APIC_ICR_HIGH	0x310
#define APIC_TIMER	0x320
#define APIC_COUNT	0x380
#define APIC_NOW	0x390
#define APIC_DIVIDE	0x3e0

#define APIC_BUSY	0x1000
#define HANDLERS	4
#define FAULT_PAGE	14
#define FAULT_NMI	2

struct frame {
	uint64_t ip, cs, flags, sp, ss;
};

struct idt_entry {
	uint16_t low, code;
	uint8_t stack, kind;
	uint16_t middle;
	uint32_t high, unused;
};

static struct idt_entry idt[256];
static void (*handler_of[HANDLERS])(void);
static uint32_t beat_count;
extern char peek_load[], peek_failed[];

/* ---- the APIC ---- */

static uint32_t
apic_read(unsigned at)
{
	return *(volatile uint32_t *)(uintptr_t)(APIC + at);
}

static void
apic_write(unsigned at, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(APIC + at) = value;
}

unsigned
apic_id(void)
{
	return apic_read(APIC_ID) >> 24;
}

/* An NMI that sends, too, leaves the upper half as it found it. */
void
apic_send(unsigned id, unsigned what)
{
	uint32_t upper = apic_read(APIC_ICR_HIGH);

	while ((apic_read(APIC_ICR_LOW) & APIC_BUSY) != 0)
		__builtin_ia32_pause();
	apic_write(APIC_ICR_HIGH, (uint32_t)id << 24);
	apic_write(APIC_ICR_LOW, what | 0x4000);
	apic_write(APIC_ICR_HIGH, upper);
}

void
apic_start(unsigned page)
{
	apic_write(APIC_ICR_LOW, 0xc4500);	/* INIT, all but this one */
	wait_ms(10);
	for (unsigned i = 0; i < 2; i++) {
		apic_write(APIC_ICR_LOW, 0xc4600 | page);
		wait_ms(1);
	}
}

/* ---- what interrupts ---- */

static void
interrupt(unsigned number)
{
	struct place *self = here();

	self->hush++;
	apic_write(APIC_EOI, 0);
	if (handler_of[number] != NULL)
		handler_of[number]();
	self->hush--;
}

#define INTERRUPT(n)							\
	static __attribute__((interrupt)) void				\
	interrupt_##n(struct frame *frame)				\
	{								\
		(void)frame;						\
		interrupt(n);						\
	}

INTERRUPT(0)
INTERRUPT(1)
INTERRUPT(2)
INTERRUPT(3)

static __attribute__((interrupt)) void
spurious(struct frame *frame)
{
	(void)frame;
}

static __attribute__((interrupt)) void
nmi(struct frame *frame)
{
	struct place *self = here();
	void (*errand)(void *arg);

	(void)frame;
	self->hush++;
	self->nmis++;
	errand = __atomic_exchange_n(&self->nmi_errand, NULL, __ATOMIC_ACQUIRE);
	if (errand != NULL)
		errand(self->nmi_arg);
	self->nmis--;
	self->hush--;
}

static __attribute__((interrupt)) void
page_fault(struct frame *frame, uint64_t error)
{
	(void)error;
	if (frame->ip != (uint64_t)peek_load)
		sink("page fault at", frame->ip);
	frame->ip = (uint64_t)peek_failed;
}

static __attribute__((interrupt)) void
fault(struct frame *frame)
{
	sink("fault at", frame->ip);
}

/* ---- setting up ---- */

static void
idt_set(unsigned vector, uint64_t entry)
{
	idt[vector] = (struct idt_entry){
		.low = (uint16_t)entry,
		.code = 0x08,
		.kind = 0x8e,		/* interrupts are off inside */
		.middle = (uint16_t)(entry >> 16),
		.high = (uint32_t)(entry >> 32),
	};
}

void
trap_hang(unsigned vector, void (*handler)(void))
{
	handler_of[vector - VECTOR_BEAT] = handler;
}

static void
idt_init(void)
{
	for (unsigned i = 0; i < 32; i++)
		idt_set(i, (uint64_t)fault);
	idt_set(FAULT_NMI, (uint64_t)nmi);
	idt_set(FAULT_PAGE, (uint64_t)page_fault);
	idt_set(VECTOR_BEAT, (uint64_t)interrupt_0);
	idt_set(VECTOR_NUDGE, (uint64_t)interrupt_1);
	idt_set(VECTOR_SPARE, (uint64_t)interrupt_2);
	idt_set(VECTOR_SPARE + 1, (uint64_t)interrupt_3);
	idt_set(0xff, (uint64_t)spurious);
	/* The old interrupt controllers are not heard. */
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
}

/* The first place finds out how fast the timer counts. */
static void
timer_measure(void)
{
	apic_write(APIC_COUNT, UINT32_MAX);
	wait_ms(1000 / BEAT_HZ);
	beat_count = UINT32_MAX - apic_read(APIC_NOW);
}

void
traps_init(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = { sizeof(idt) - 1, (uint64_t)idt };

	if (beat_count == 0)
		idt_init();
	__asm__ volatile("lidt %0" : : "m"(pointer));
	apic_write(APIC_SPURIOUS, 0x1ff);
	apic_write(APIC_DIVIDE, 0x3);		/* by 16 */
	if (beat_count == 0)
		timer_measure();
	apic_write(APIC_TIMER, 0x20000 | VECTOR_BEAT);
	apic_write(APIC_COUNT, beat_count);
}
