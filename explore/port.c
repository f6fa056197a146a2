/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port.c: the hooks of <xcpu/port.h>, and what program.h offers to a CPU.
 *
 * The clock of a CPU stands still, but where the search lets time pass in a
 * wait that has a deadline.  So re-kicks and stall reports never happen, and
 * cannot hide a kick that was lost.
 */
#include "engine.h"

#include <string.h>

struct xcpu_domain explore_domain __attribute__((section("explore_data")));
struct xcpu_cpu explore_cpu[EXPLORE_CPUS]
    __attribute__((section("explore_data")));

bool sim_port_early;

/* ---- hooks ---- */

struct xcpu_cpu *
xcpu_port_self(void)
{
	return &explore_cpu[eng.me->index];
}

unsigned long
xcpu_port_irq_save(void)
{
	unsigned long state = eng.me->masked;

	cpu_mask();
	return state;
}

void
xcpu_port_irq_restore(unsigned long state)
{
	if (state == 0)
		cpu_unmask();
}

unsigned
xcpu_port_context(void)
{
	const struct cpu *me = eng.me;

	return (me->masked || me->nmi ? XCPU_CTX_MASKED : 0u) |
	    (me->locked != 0 ? XCPU_CTX_LOCKED : 0u) |
	    (me->nmi ? XCPU_CTX_NMI : 0u);
}

void
xcpu_port_relax(unsigned spins)
{
	wait_turn(spins, true);
}

uint64_t
xcpu_port_now_ns(void)
{
	struct cpu *me = eng.me;

	me->watches = true;
	if (me->timing != 0) {
		me->now_ns += EXPLORE_JUMP_NS;
		me->timing = me->scripted = 0;
	}
	return me->now_ns;
}

void
xcpu_port_pte_publish(void)
{
}

static unsigned
cpus_of(const struct xcpu_cpuset *set)
{
	return (unsigned)set->w[0] & ((1u << eng.ncpu) - 1);
}

void
xcpu_port_kick(const struct xcpu_cpuset *set)
{
	if (eng.exploring)
		cpu_kick(cpus_of(set));
}

void
xcpu_port_kick_nmi(const struct xcpu_cpuset *set)
{
	/* One that may be hit by NMIs is so at any step, this one too. */
	for (unsigned i = 0; i < eng.ncpu; i++)
		if ((cpus_of(set) >> i & 1) != 0 && eng.program->nmis[i] == 0)
			cpu_fail("xcpu_port_kick_nmi() is called, though no "
			    "wait is reported");
}

enum xcpu_stall_policy
xcpu_port_stall(const struct xcpu_stall *report)
{
	(void)report;
	return XCPU_STALL_CONTINUE;
}

void
xcpu_port_panic(const char *text, const char *file, int line)
{
	explore_fail(text, file, line);
}

/* ---- setup ---- */

void
explore_domain_init(unsigned ncpu)
{
	if (xcpu_domain_init(&explore_domain, explore_cpu, ncpu) != 0)
		cpu_fail("xcpu_domain_init() fails");
}

void
explore_become(unsigned cpu)
{
	eng.me = &eng.cpu[cpu];
}

void
explore_boot(unsigned ncpu)
{
	explore_domain_init(ncpu);
	for (unsigned i = 0; i < ncpu; i++) {
		explore_become(i);
		if (xcpu_cpu_online(&explore_cpu[i]) != 0)
			cpu_fail("xcpu_cpu_online() fails");
	}
	explore_become(0);
}

void
explore_name(const void *object, size_t size, const char *name)
{
	names_add(object, size, name);
}

void
explore_start_masked(unsigned cpu)
{
	cpu_start_masked(cpu);
}

/* ---- on a CPU ---- */

unsigned
explore_self(void)
{
	return eng.me->index;
}

void
explore_fail(const char *text, const char *file, int line)
{
	const char *slash = strrchr(file, '/');

	cpu_fail("%s (CPU %u, %s:%d)", text, eng.me->index,
	    slash != NULL ? slash + 1 : file, line);
}

void
explore_note(uint64_t value)
{
	uint64_t hash = (eng.me->notes ^ value) * 0x9e3779b97f4a7c15u + 1;

	eng.me->notes = hash ^ hash >> 31;
	if (unlikely(eng.tracing))
		trace_text("notes %llu", (unsigned long long)value);
}

void
explore_close(void)
{
	cpu_mask();
}

void
explore_open(void)
{
	cpu_unmask();
}

void
explore_die(void)
{
	if (unlikely(eng.tracing))
		trace_text("dies");
	cpu_die();
}

void
explore_halt(void)
{
	struct op op = { .kind = OP_HALT };

	if (unlikely(eng.tracing))
		trace_text("halts");
	eng.me->impure = true;
	(void)cpu_point(&op);
}

void
explore_lock(void)
{
	eng.me->locked++;
}

void
explore_unlock(void)
{
	eng.me->locked--;
}

void
explore_relax(void)
{
	wait_turn(0, false);
}

uint64_t
explore_read_at(const struct explore_word *word, const char *file, int line)
{
	if (!eng.exploring)
		return word->v_;
	if (unlikely(eng.tracing)) {
		trace_at(file, line);
		trace_plain(word, "reads", word->v_, NULL);
	}
	race_read(eng.me, word);
	return word->v_;
}

void
explore_write_at(struct explore_word *word, uint64_t value, const char *file,
    int line)
{
	if (eng.exploring) {
		if (unlikely(eng.tracing)) {
			trace_at(file, line);
			trace_plain(word, "writes", value, NULL);
		}
		race_write(eng.me, word);
	}
	word->v_ = value;
}

void
explore_poison(void *object, size_t size)
{
	if (unlikely(eng.tracing))
		trace_text("has %s back", names_of(object));
	race_poison(eng.me, object, size);
}
