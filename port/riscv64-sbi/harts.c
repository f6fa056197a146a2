/* SPDX-License-Identifier: BSD-2-Clause */
/* harts.c: CPUs become harts, a window of 64 at a time. */
#include <stddef.h>

#include <xcpu/error.h>

#include "harts.h"

void
xcpu_harts_init(struct xcpu_harts *harts)
{
	*harts = (struct xcpu_harts){ .kicks = NULL };
}

static bool
is_present(const struct xcpu_harts *harts, unsigned cpu)
{
	return cpu < XCPU_NCPU_MAX && xcpu_cpuset_has(&harts->present, cpu);
}

int
xcpu_harts_add(struct xcpu_harts *harts, unsigned cpu, uint64_t hart)
{
	unsigned other, neighbour = cpu;

	if (cpu >= XCPU_NCPU_MAX || is_present(harts, cpu) ||
	    hart == UINT64_MAX)
		return -XCPU_EINVAL;
	for (other = xcpu_cpuset_first(&harts->present); other < XCPU_NCPU_MAX;
	    other = xcpu_cpuset_next(&harts->present, other)) {
		if (harts->id[other] == hart)
			return -XCPU_EINVAL;
		if (harts->id[other] / XCPU_HART_WINDOW ==
		    hart / XCPU_HART_WINDOW)
			neighbour = other;
	}
	harts->id[cpu] = hart;
	harts->peer[cpu] = (uint16_t)cpu;
	if (neighbour != cpu) {
		harts->peer[cpu] = harts->peer[neighbour];
		harts->peer[neighbour] = (uint16_t)cpu;
	}
	xcpu_cpuset_add(&harts->present, cpu);
	return 0;
}

static void
take_one(const struct xcpu_harts *harts, struct xcpu_cpuset *todo,
    unsigned cpu, struct xcpu_hart_mask *mask)
{
	mask->mask |= UINT64_C(1) << harts->id[cpu] % XCPU_HART_WINDOW;
	xcpu_cpuset_add(&mask->cpus, cpu);
	xcpu_cpuset_del(todo, cpu);
}

void
xcpu_harts_take(const struct xcpu_harts *harts, struct xcpu_cpuset *todo,
    struct xcpu_hart_mask *mask)
{
	unsigned first = xcpu_cpuset_first(todo);
	unsigned cpu = first;

	mask->mask = 0;
	mask->base = harts->id[first] & ~(uint64_t)(XCPU_HART_WINDOW - 1);
	xcpu_cpuset_zero(&mask->cpus);
	take_one(harts, todo, first, mask);
	if (xcpu_cpuset_empty(todo))
		return;
	for (unsigned i = 0; i < XCPU_HART_WINDOW; i++) {
		cpu = harts->peer[cpu];
		if (cpu == first)
			break;
		if (xcpu_cpuset_has(todo, cpu))
			take_one(harts, todo, cpu, mask);
	}
}

/* Counted before it is sent, so that its receiver finds it counted. */
static void
add_one(struct xcpu_au64 *counter)
{
	/* [H1] release: the count, then the kick.  Pairs with [H1] in xcpu_harts_kicks(). */
	(void)xcpu_fetch_add_rel(counter, 1);
}

void
xcpu_harts_account(struct xcpu_harts *harts, struct xcpu_cpuset *todo)
{
	if (harts->kicks == NULL && harts->drop == NULL)
		return;
	for (unsigned cpu = xcpu_cpuset_first(todo); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(todo, cpu)) {
		if (harts->drop != NULL && harts->drop(cpu, 0)) {
			add_one(&harts->dropped);
			xcpu_cpuset_del(todo, cpu);
		} else if (harts->kicks != NULL) {
			add_one(&harts->kicks[cpu]);
		}
	}
}

uint64_t
xcpu_harts_kicks(const struct xcpu_harts *harts, unsigned cpu)
{
	if (harts->kicks == NULL || !is_present(harts, cpu))
		return 0;
	/* [H1] acquire: the kick, then its count.  Pairs with [H1] in add_one(). */
	return xcpu_load_acq(&harts->kicks[cpu]);
}
