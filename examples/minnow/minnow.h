/* SPDX-License-Identifier: 0BSD */
/*
 * minnow.h: a small cooperative kernel for PCs, all of it.
 *
 * It has no user mode, no preemption and no threads.  A CPU is a "place", named
 * by its APIC id, so that the names have holes.  Work is an "errand": a function
 * that a place runs to its end when it gets to it.  Interrupts are kept off by a
 * count (hush, unhush), and locks are "gates", which do not touch that count.
 * Memory that only some may see is in "vaults", sets of translations that a
 * place enters and leaves.
 */
#ifndef MINNOW_H
#define MINNOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLACES_MAX	64
#define IDS_MAX		256
#define PAGE_BYTES	4096
#define VAULT_BASE	(UINT64_C(1) << 39)		/* a vault's own half */
#define COMMON_BASE	UINT64_C(0xffffc00000000000)	/* the same in all */

/* One CPU.  Written by itself, but where it says otherwise. */
struct place {
	struct place *self;		/* where %gs points */
	unsigned id;			/* of its APIC */
	unsigned hush;			/* interrupts are off while not 0 */
	unsigned gates;			/* held, or waited for */
	unsigned nmis;			/* being handled */
	/* By whoever sends an errand; taken by the place. */
	void (*errand)(void *arg);
	void *errand_arg;
	bool has_errand;
	void (*nmi_errand)(void *arg);
	void *nmi_arg;
};

extern struct place *place_at[IDS_MAX];	/* by id; NULL: nobody */
extern unsigned places;			/* that are there */

static inline struct place *
here(void)
{
	struct place *place;

	__asm__("mov %%gs:0, %0" : "=r"(place));
	return place;
}

static inline void
hush(void)
{
	__asm__ volatile("cli" ::: "memory");
	here()->hush++;
}

static inline void
unhush(void)
{
	__asm__ volatile("" ::: "memory");
	if (--here()->hush == 0)
		__asm__ volatile("sti" ::: "memory");
}

/* A lock that is passed on in order. */
struct gate {
	uint32_t next, serving;
};

/* place.c */
void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);
void places_start(void);		/* the first place calls it */
void place_run(void) __attribute__((noreturn));
/* False: it has not taken the one before yet. */
bool errand_send(unsigned id, void (*errand)(void *arg), void *arg);
/* On each place, here too; returns when all have done it. */
void places_do(void (*errand)(void *arg), void *arg);
/* Between any two instructions of that place. */
void errand_by_nmi(unsigned id, void (*errand)(void *arg), void *arg);

/* trap.c */
#define BEAT_HZ		100
#define VECTOR_BEAT	0x30
#define VECTOR_NUDGE	0x31
#define VECTOR_SPARE	0x32		/* this one, and the next */
#define SEND_NMI	0x400		/* in the place of a vector */

void traps_init(void);			/* on each place */
void trap_hang(unsigned vector, void (*handler)(void));
unsigned apic_id(void);
void apic_send(unsigned id, unsigned what);
void apic_start(unsigned page);		/* all but the caller, at this page */

/* memory.c */
struct vault {
	uint64_t *root;			/* its highest table */
};

uint64_t page_take(void);		/* filled with zeros; 0: there is no more */
struct vault *vault_make(void);		/* NULL: there is no memory */
void vault_enter(const struct vault *vault); /* NULL: what all have */
/* page 0: nothing is there.  NULL: in all.  Forgets nothing. */
bool vault_put(const struct vault *vault, uint64_t va, uint64_t page);
bool peek(uint64_t va, uint64_t *word);	/* false: nothing is there */
/* What this place has cached of an area; of all but what is common, or of all. */
void forget(uint64_t va, uint64_t bytes);
void forget_all(bool common);

/* base.c */
void clock_init(void);
uint64_t clock_us(void);
void wait_ms(unsigned ms);
void say(const char *text);
void say_number(uint64_t number);
void sink(const char *why, uint64_t number) __attribute__((noreturn));
void machine_off(unsigned code) __attribute__((noreturn));
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

static inline void
out8(unsigned port, unsigned value)
{
	__asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"(port));
}

static inline unsigned
in8(unsigned port)
{
	uint8_t value;

	__asm__ volatile("inb %w1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void
msr_write(unsigned number, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value),
	    "d"((uint32_t)(value >> 32)));
}

#endif /* MINNOW_H */
