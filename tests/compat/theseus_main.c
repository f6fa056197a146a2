/* SPDX-License-Identifier: BSD-2-Clause */
/* theseus_main.c: the program, its kernel, and what the other files share. */
#include "theseus_test.h"

struct nmis nmis;

/* ---- the kernel around the driver ---- */

void
page_table_clear(uintptr_t page_address)
{
	mach_frame frame = mach_unmap(mach_space_kernel(), page_address);

	(void)frame;	/* its owner knows it, and frees it when it is unused */
}

void
kernel_panic(void)
{
	xcpu_port_panic("a panic in Rust", __FILE__, __LINE__);
}

/* The stack unwinder of crates that were built to unwind: nobody does. */
void rust_eh_personality(void);

void
rust_eh_personality(void)
{
	kernel_panic();
}

static bool
nmi_vector(void)
{
	bool ours = nmi_handler();
	unsigned cpu = xcpu_cpu_index();

	if (CHECK(cpu < mach_ncpu()))
		count(ours ? &nmis.ours[cpu] : &nmis.others[cpu]);
	return ours;
}

static void
nothing(void *arg)
{
	(void)arg;
}

void
rest_others(void)
{
	start_others(nothing, NULL);
	join_others();
}

/* ---- NMIs ---- */

static uint32_t
nmis_seen(unsigned cpu)
{
	return seen(&nmis.ours[cpu]) + seen(&nmis.others[cpu]);
}

void
foreign_nmi(unsigned cpu)
{
	uint32_t before = nmis_seen(cpu);
	struct xcpu_cpuset set;

	xcpu_cpuset_one(&set, cpu);
	xcpu_port_kick_nmi(&set);
	AWAIT(nmis_seen(cpu) != before);
}

/* Of several that became one, one is left over: see take_due(). */
void
settle_nmis(unsigned cpu)
{
	rest_others();
	foreign_nmi(cpu);
	foreign_nmi(cpu);
}

static void
stand_deaf(void *arg)
{
	struct deaf_cpu *deaf = arg;
	unsigned long state = host_instruction_begin();

	say(&deaf->deaf, 1);
	/* ends: the test releases it */
	while (!seen(&deaf->release)) {
		mach_relax();
		if (seen(&deaf->asked) != seen(&deaf->done)) {
			deaf->fn();
			count(&deaf->done);
		}
	}
	host_instruction_end(state);
}

void
deafen(struct deaf_cpu *deaf, unsigned cpu)
{
	*deaf = (struct deaf_cpu){ .cpu = cpu };
	compat_start(cpu, stand_deaf, deaf);
	AWAIT(seen(&deaf->deaf));
}

void
have_done(struct deaf_cpu *deaf, void (*fn)(void))
{
	deaf->fn = fn;
	count(&deaf->asked);
	AWAIT(seen(&deaf->done) == seen(&deaf->asked));
}

void
undeafen(struct deaf_cpu *deaf)
{
	say(&deaf->release, 1);
	compat_join(deaf->cpu);
}

/* ---- drops ---- */

void
watch_drops(struct drops *drops, uintptr_t va)
{
	drops->va = va;
	for (unsigned cpu = 0; cpu < mach_ncpu(); cpu++)
		drops->before[cpu] = mach_drop_stamp(cpu, va);
}

bool
dropped_by(const struct drops *drops, unsigned cpu)
{
	return mach_drop_stamp(cpu, drops->va) != drops->before[cpu];
}

bool
dropped_by_all(const struct drops *drops)
{
	for (unsigned cpu = 0; cpu < mach_ncpu(); cpu++)
		if (!dropped_by(drops, cpu))
			return false;
	return true;
}

/* ---- broadcasts of others ---- */

static void
broadcast_one(void *arg)
{
	struct broadcast *broadcast = arg;

	say(&broadcast->begun, 1);
	broadcast_tlb_shootdown(broadcast->va, 1);
	say(&broadcast->over, 1);
}

void
broadcast_on(struct broadcast *broadcast, unsigned cpu, uintptr_t va)
{
	*broadcast = (struct broadcast){ .va = va, .cpu = cpu };
	compat_start(cpu, broadcast_one, broadcast);
	AWAIT(seen(&broadcast->begun));
}

void
await_broadcast_at(const struct drops *drops, unsigned cpu)
{
	AWAIT(dropped_by(drops, cpu));
}

void
finish(struct broadcast *broadcast)
{
	compat_join(broadcast->cpu);
	CHECK(seen(&broadcast->over));
}

/* ---- the other CPUs ---- */

static struct held_cpu away[XCPU_NCPU_MAX];

void
send_others_away(void)
{
	for (unsigned cpu = 1; cpu < mach_ncpu(); cpu++) {
		away[cpu] = (struct held_cpu){ .cpu = cpu };
		compat_start(cpu, stay_away, &away[cpu]);
		AWAIT(seen(&away[cpu].masked));
	}
}

void
bring_others_back(void)
{
	for (unsigned cpu = 1; cpu < mach_ncpu(); cpu++)
		let_go(&away[cpu]);
}

/* ---- the program ---- */

static void
begin(void)
{
	/* Nobody is to be told yet. */
	broadcast_tlb_shootdown(page(0), 1);
	host.nmi = nmi_vector;
	captain_init();
	rest_others();
}

int
main(int argc, char **argv)
{
	static const struct compat_suite suite = {
		.begin = begin,
		.tests = { theseus_behaviours, theseus_rust, theseus_defects },
	};

	return compat_main(argc, argv, &suite);
}
