/* SPDX-License-Identifier: BSD-2-Clause */
/* theseus_test.h: what the tests of compat/theseus share. */
#ifndef TESTS_COMPAT_THESEUS_TEST_H
#define TESTS_COMPAT_THESEUS_TEST_H

#include <tlb_shootdown.h>

#include "compat_test.h"
#include "theseus_driver.h"

extern const struct compat_test theseus_behaviours[], theseus_rust[],
    theseus_defects[];

/* Page n of the kernel's spare ones; they share no counter of drops. */
static inline uintptr_t
page(unsigned n)
{
	return (uintptr_t)mach_kernel_base() + n * MACH_PAGE_SIZE;
}

/* What the handler of NMIs answered, by CPU. */
struct nmis {
	uint32_t ours[XCPU_NCPU_MAX];
	uint32_t others[XCPU_NCPU_MAX];
};

extern struct nmis nmis;

/* An NMI from elsewhere, taken by a CPU that takes NMIs when this returns. */
void foreign_nmi(unsigned cpu);

/* No NMI is under way to it, or taken for one; then others are counted as such. */
void settle_nmis(unsigned cpu);

/* Which CPUs drop a translation of an address from now on; and who has. */
struct drops {
	uintptr_t va;
	uint64_t before[XCPU_NCPU_MAX];
};

void watch_drops(struct drops *drops, uintptr_t va);
bool dropped_by(const struct drops *drops, unsigned cpu);
bool dropped_by_all(const struct drops *drops);

/* A CPU that takes no NMI that comes while it stands, and does what it is told. */
struct deaf_cpu {
	unsigned cpu;
	uint32_t deaf;
	void (*fn)(void);
	uint32_t asked;
	uint32_t done;
	uint32_t release;
};

void deafen(struct deaf_cpu *deaf, unsigned cpu);
void have_done(struct deaf_cpu *deaf, void (*fn)(void));
void undeafen(struct deaf_cpu *deaf);

/* A broadcast of one page on another CPU. */
struct broadcast {
	uintptr_t va;
	unsigned cpu;
	uint32_t begun;
	uint32_t over;
};

void broadcast_on(struct broadcast *broadcast, unsigned cpu, uintptr_t va);
/* Its request stands, and who takes NMIs has served it. */
void await_broadcast_at(const struct drops *drops, unsigned cpu);
void finish(struct broadcast *broadcast);

/* All before is over on the others, and they see it: as if they started now. */
void rest_others(void);

/* CPUs 1 and up offline, and back. */
void send_others_away(void);
void bring_others_back(void);

/* A counter of the library, over all CPUs. */
#define TOTAL(name) __extension__ ({					\
	struct xcpu_totals totals_ = { 0 };				\
	for (unsigned cpu_ = 0; cpu_ < mach_ncpu(); cpu_++)		\
		xcpu_stat_sum(mach_domain(), cpu_, &totals_);		\
	totals_.name;							\
})

#endif /* TESTS_COMPAT_THESEUS_TEST_H */
