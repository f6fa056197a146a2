/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid_test.c: both ways to hand out ASIDs, on the machine of asid/machine.h.
 *
 * Each test says above it which mistake it would find.
 */
#include "unit.h"

#include <xcpu/port.h>

#include "asid/machine.h"

static const struct machine_config per_cpu = {
	.kind = &xcpu_asid_per_cpu, .nslots = 2,
};
static const struct machine_config global = {
	.kind = &xcpu_asid_global, .nslots = 4, .nasids = M_CPUS + 2,
};
static const struct machine_config global_many = {
	.kind = &xcpu_asid_global, .nslots = 8, .nasids = 100,
};
static const struct machine_config broadcast = {
	.kind = &xcpu_asid_global, .nslots = 2, .nasids = M_CPUS + 3,
	.flags = XCPU_ASID_BROADCAST, .broadcast = true,
};

/* Finds: arguments that are believed, and crash later. */
static void
init_refuses_what_cannot_work(void **state)
{
	struct machine_config c = per_cpu;

	(void)state;
	c.nslots = 1;
	assert_int_equal(machine_begin(&c), -XCPU_EINVAL);
	c.nslots = XCPU_ASID_SLOTS_MAX + 1;
	assert_int_equal(machine_begin(&c), -XCPU_EINVAL);
	c = per_cpu;
	c.flags = XCPU_ASID_BROADCAST;
	assert_int_equal(machine_begin(&c), -XCPU_EINVAL);
	c = per_cpu;
	c.kind = NULL;
	assert_int_equal(machine_begin(&c), -XCPU_EINVAL);
	c = global;
	c.nasids = M_CPUS + 1;
	assert_int_equal(machine_begin(&c), -XCPU_E2BIG);
	c.nasids = XCPU_ASIDS_MAX + 1;
	assert_int_equal(machine_begin(&c), -XCPU_EINVAL);
	c = broadcast;
	c.flags |= XCPU_ASID_KERNEL_TAGGED;
	assert_int_equal(machine_begin(&c), -XCPU_EINVAL);
}

/* ---- what is kept ---- */

/* Loads a space on CPU 0; was anything flushed for it? */
static bool
flushes(int space)
{
	unsigned before = m.flushes + m.flushes_all;

	machine_switch(space);
	return m.flushes + m.flushes_all != before;
}

static void
keeps(const struct machine_config *config)
{
	assert_int_equal(machine_begin(config), 0);
	machine_switch(0);
	assert_true(machine_use(0));
	machine_switch(1);
	machine_switch(-1);
	assert_false(flushes(0));
	assert_false(flushes(1));
	assert_false(flushes(0));
	assert_true(machine_use(0));
}

/* Finds: a flush at every switch. */
static void
what_has_not_changed_is_kept(void **state)
{
	(void)state;
	keeps(&per_cpu);
	keeps(&global);
	keeps(&broadcast);
}

/* Finds: changes while loaded that count as missed afterwards. */
static void
what_was_flushed_while_loaded_is_kept(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(machine_begin(i ? &global : &per_cpu), 0);
		machine_switch(0);
		machine_on(1);
		machine_change(0, 1);
		machine_on(0);
		machine_change(0, 2);
		machine_switch(1);
		assert_false(flushes(0));
	}
}

static void
forgets(const struct machine_config *config)
{
	assert_int_equal(machine_begin(config), 0);
	machine_switch(0);
	assert_true(machine_use(3));
	machine_switch(1);
	machine_on(1);
	machine_change(0, 3);
	machine_on(0);
	machine_switch(0);
	assert_true(machine_use(3));
	assert_false(flushes(1));
}

/* Finds: no comparison of generations; a flush of more than one space. */
static void
what_changed_meanwhile_is_forgotten(void **state)
{
	(void)state;
	forgets(&per_cpu);
	forgets(&global);
	forgets(&broadcast);
	assert_int_equal(m.kicks, 0);
}

/* Finds: shootdowns that ask CPUs which only keep the ASID. */
static void
who_has_it_not_loaded_is_not_asked(void **state)
{
	(void)state;
	assert_int_equal(machine_begin(&per_cpu), 0);
	machine_switch(0);
	machine_switch(1);
	machine_on(1);
	machine_change(0, 3);
	assert_int_equal(m.kicks, 0);
}

/* Finds: progress that is put down for the space that is loaded next. */
static void
a_lazy_cpu_is_behind_when_it_leaves(void **state)
{
	(void)state;
	assert_int_equal(machine_begin(&per_cpu), 0);
	machine_switch(0);
	assert_true(machine_use(1));
	assert_int_equal(xcpu_space_lazy_enter(), 0);
	machine_on(1);
	machine_change(0, 1);
	machine_on(0);
	machine_switch(1);
	machine_switch(0);
	assert_true(machine_use(1));
}

/* Finds: xcpu_flush_self() that does nothing for a space that is kept. */
static void
flush_self_of_what_is_kept(void **state)
{
	static const struct machine_config *const all[] = {
		&per_cpu, &global, &broadcast };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(machine_begin(all[i]), 0);
		machine_switch(0);
		assert_true(machine_use(2));
		machine_switch(1);
		machine_change_own(0, 2);
		machine_switch(0);
		assert_true(machine_use(2));
	}
}

/* ---- whose ASID ---- */

/* Finds: the victim is the slot just left, or the one that is used most. */
static void
the_oldest_slot_is_given_away(void **state)
{
	struct machine_config c = per_cpu;

	(void)state;
	c.nslots = 3;
	assert_int_equal(machine_begin(&c), 0);
	machine_switch(0);
	machine_switch(1);
	machine_switch(2);
	assert_false(flushes(0));
	assert_true(flushes(3));	/* in the place of 1 */
	assert_false(flushes(0));
	assert_false(flushes(2));
	assert_true(flushes(1));
}

/* Finds: ids that are addresses. */
static void
a_new_space_in_an_old_place_is_new(void **state)
{
	static const struct machine_config *const all[] = {
		&per_cpu, &global, &broadcast };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(machine_begin(all[i]), 0);
		machine_switch(0);
		assert_true(machine_use(4));
		machine_switch(1);
		machine_space_new(0);
		machine_switch(0);
		assert_true(machine_use(4));
	}
}

/* Finds: an ASID that is given to another while a CPU has it loaded. */
static void
who_stays_keeps_his_asid(void **state)
{
	unsigned asid;

	(void)state;
	assert_int_equal(machine_begin(&broadcast), 0);
	machine_on(1);
	machine_switch(0);
	asid = m.last.asid;
	machine_on(0);
	for (unsigned i = 0; i < 50; i++) {
		machine_switch(1 + (int)(i % 11));
		assert_int_not_equal(m.last.asid, asid);
	}
	assert_true(m.flushes_all > 5);
	machine_on(1);
	assert_true(machine_use(0));
	machine_on(2);
	machine_switch(0);
	assert_int_equal(m.last.asid, asid);
	/* The broadcast reaches who never left, over many versions. */
	machine_change(0, 0);
	machine_on(1);
	assert_true(machine_use(0));
}

/* Finds: a rollover at each switch; none; a flush of everything without one. */
static void
asids_last_as_long_as_they_can(void **state)
{
	(void)state;
	assert_int_equal(machine_begin(&global_many), 0);
	for (unsigned i = 0; i < 1000; i++)
		machine_switch((int)(i % M_SPACES));
	assert_int_equal(m.flushes_all, 0);
	/* Each new one takes an ASID with it: 99, and 12 are gone. */
	for (unsigned i = 0; i < 87; i++) {
		machine_switch(-1);
		machine_space_new(0);
		machine_switch(0);
	}
	assert_int_equal(m.flushes_all, 0);
	machine_switch(-1);
	machine_space_new(0);
	machine_switch(0);
	assert_int_equal(m.flushes_all, 1);
	assert_true(m.last.asid < 100);
}

/* Finds: a CPU that does not flush after a rollover by another. */
static void
after_a_rollover_each_cpu_flushes_once(void **state)
{
	(void)state;
	assert_int_equal(machine_begin(&broadcast), 0);
	for (unsigned c = 0; c < M_CPUS; c++) {
		machine_on(c);
		machine_switch((int)c);
		assert_true(machine_use(0));
	}
	machine_on(0);
	for (unsigned s = 4; m.flushes_all == 0; s++)
		machine_switch((int)s);
	for (unsigned c = 1; c < M_CPUS; c++) {
		unsigned before = m.flushes_all;

		machine_on(c);
		machine_switch(c == 1 ? 3 : 1);
		assert_int_equal(m.flushes_all, before + 1);
		machine_switch((int)c);
		assert_int_equal(m.flushes_all, before + 1);
		assert_true(machine_use(0));
	}
}

/* ---- the kernel's entries ---- */

/* Finds: kernel entries that stay under tags that are not loaded, or tag 0. */
static void
kernel_entries_under_all_tags(void **state)
{
	struct machine_config c = per_cpu;

	(void)state;
	c.flags = XCPU_ASID_KERNEL_TAGGED;
	assert_int_equal(machine_begin(&c), 0);
	for (int s = -1; s < 2; s++) {
		machine_switch(s);
		assert_true(machine_use_kernel(0));
	}
	machine_change_kernel(0);
	for (int s = 1; s >= -1; s--) {
		machine_switch(s);
		assert_true(machine_use_kernel(0));
	}
	/* And no more than once. */
	for (int s = -1; s < 2; s++)
		assert_false(flushes(s));
}

/* Finds: a flush of all spaces for a global entry. */
static void
global_entries_are_under_no_tag(void **state)
{
	(void)state;
	assert_int_equal(machine_begin(&per_cpu), 0);
	machine_switch(0);
	machine_switch(1);
	assert_true(machine_use_kernel(0));
	machine_change_kernel(0);
	assert_false(flushes(0));
	assert_true(machine_use_kernel(0));
}

/* ---- split tables ---- */

/* Finds: a user half that is not flushed, or always, or with the wrong tag. */
static void
the_user_half_follows(void **state)
{
	struct xcpu_asid_load load;
	struct machine_config c = per_cpu;

	(void)state;
	c.flags = XCPU_ASID_SPLIT;
	assert_int_equal(machine_begin(&c), 0);
	machine_switch(0);
	assert_true(machine_use_as_user(0));
	xcpu_asid_user(&m.asids, &load);
	assert_int_equal(load.asid, m.last.asid + 1);
	assert_false(load.flush);
	machine_change(0, 0);
	assert_true(machine_use(0));
	machine_switch(1);
	assert_true(machine_use_as_user(0));
	machine_switch(0);
	assert_false(m.last.flush);
	assert_true(machine_use_as_user(0));
}

/* Finds: an NMI that leaves the user half to a way out that has looked. */
static void
in_an_nmi_both_halves_at_once(void **state)
{
	struct xcpu_asid_load load;
	struct machine_config c = per_cpu;
	struct xcpu_flush request = { .len = 4096, .stride_shift = 12 };

	(void)state;
	c.flags = XCPU_ASID_SPLIT;
	assert_int_equal(machine_begin(&c), 0);
	machine_switch(0);
	xcpu_asid_user(&m.asids, &load);
	request.space = &m.space[0].xcpu;
	asid_machine_context = XCPU_CTX_NMI;
	xcpu_port_tlb_flush(&request);
	asid_machine_context = 0;
	assert_true(m.last_flush.both);
	xcpu_asid_user(&m.asids, &load);
	assert_false(load.flush);
}

/* ---- numbers that begin again ---- */

/* Finds: an old generation taken for the new one of the same number. */
static void
generations_begin_again(void **state)
{
	static const struct machine_config *const all[] = {
		&per_cpu, &global, &broadcast };

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct xcpu_au64 *generation = &m.space[0].xcpu.generation;

		assert_int_equal(machine_begin(all[i / 2]), 0);
		machine_change(0, 0);
		machine_switch(0);	/* with generation 2 */
		assert_true(machine_use(5));
		machine_switch(i % 2 == 0 ? 1 : -1);
		machine_on(1);
		xcpu_store_rlx(generation, XCPU_SPACE_TOP - 1);
		machine_change(0, 5);
		machine_change(0, 0);
		assert_int_equal(xcpu_load_rlx(generation), 2);
		machine_on(0);
		machine_switch(0);
		assert_true(machine_use(5));
	}
}

/* Finds: what a CPU believes of a TLB that was off. */
static void
a_cpu_comes_back(void **state)
{
	(void)state;
	assert_int_equal(machine_begin(&global), 0);
	machine_switch(0);
	assert_true(machine_use(0));
	machine_replug();
	machine_on(1);
	machine_change(0, 0);
	machine_on(0);
	machine_switch(0);
	assert_true(machine_use(0));
}

/* ---- by chance ---- */

#define STEPS 40000

static void
step_by_chance(uint64_t *seed)
{
	uint64_t r = unit_random(seed);
	unsigned space = r >> 8 & 0xff, page = (r >> 16 & 0xff) % M_PAGES;
	const struct xcpu_space *loaded;

	space %= M_SPACES;
	machine_on((r >> 24 & 0xff) % M_CPUS);
	loaded = xcpu_space_current();
	switch (r % 16) {
	case 0: case 1: case 2:
		machine_switch((int)space);
		break;
	case 3:
		machine_switch(-1);
		break;
	case 4: case 5:
		machine_change(space, page);
		break;
	case 6:
		if (r >> 40 & 1)
			machine_change_all(space);
		else
			machine_change_kernel(page);
		break;
	case 7:
		if (xcpu_space_destroy(&m.space[space].xcpu) == 0)
			machine_space_new(space);
		break;
	case 8:
		if ((r >> 40) % 8 == 0)
			machine_replug();
		break;
	case 9:
		assert_true(machine_use_kernel(page));
		break;
	default:
		if (loaded == NULL)
			break;
		assert_true(machine_use(page));
		assert_true(machine_use_as_user(page));
	}
}

static void
by_chance(const struct machine_config *config, unsigned flags, uint64_t seed)
{
	struct machine_config c = *config;

	c.flags |= flags;
	assert_int_equal(machine_begin(&c), 0);
	for (unsigned i = 0; i < STEPS; i++)
		step_by_chance(&seed);
	/* It was worth the while: much was kept, and something was not. */
	assert_true(m.kept > 100);
	assert_true(m.flushes + m.flushes_all > 100);
}

/* Finds: whatever the tests above have forgotten. */
static void
nothing_old_and_nothing_foreign(void **state)
{
	struct machine_config back_end = global_many;

	(void)state;
	back_end.broadcast = true;
	for (unsigned flags = 0; flags < 4; flags++) {
		struct machine_config few = per_cpu;

		by_chance(&per_cpu, flags, 1 + flags);
		few.nslots = M_SLOTS;
		by_chance(&few, flags, 5 + flags);
		by_chance(&global, flags, 9 + flags);
		by_chance(&global_many, flags, 13 + flags);
		by_chance(&back_end, flags, 17 + flags);
	}
	by_chance(&broadcast, 0, 21);
	by_chance(&broadcast, XCPU_ASID_SPLIT, 22);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		UNIT(init_refuses_what_cannot_work, "F-B10"),
		UNIT(what_has_not_changed_is_kept, "F-B10 F-X6"),
		UNIT(what_was_flushed_while_loaded_is_kept, "F-B10 INV-S6"),
		UNIT(what_changed_meanwhile_is_forgotten,
		    "F-B10 F-B11 INV-S4 BUG-95"),
		UNIT(who_has_it_not_loaded_is_not_asked, "F-B10 F-X2"),
		UNIT(a_lazy_cpu_is_behind_when_it_leaves, "INV-S4 BUG-96"),
		UNIT(flush_self_of_what_is_kept, "F-X4 INV-S8"),
		UNIT(the_oldest_slot_is_given_away, "F-B10"),
		UNIT(a_new_space_in_an_old_place_is_new,
		    "F-B10 INV-S7 BUG-98"),
		UNIT(who_stays_keeps_his_asid, "F-B10 INV-S7 BUG-96"),
		UNIT(asids_last_as_long_as_they_can, "F-B10"),
		UNIT(after_a_rollover_each_cpu_flushes_once,
		    "F-B10 INV-S7 BUG-98"),
		UNIT(kernel_entries_under_all_tags, "F-X6 INV-S8 INV-S12"),
		UNIT(global_entries_are_under_no_tag, "F-X6"),
		UNIT(the_user_half_follows, "F-B10 INV-S8"),
		UNIT(in_an_nmi_both_halves_at_once, "INV-S8"),
		UNIT(generations_begin_again, "INV-S6 BUG-101"),
		UNIT(a_cpu_comes_back, "INV-S13"),
		UNIT(nothing_old_and_nothing_foreign,
		    "F-B10 F-B11 F-X6 INV-S4 INV-S7 INV-S8"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
