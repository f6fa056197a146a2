/* SPDX-License-Identifier: BSD-2-Clause */
/* harts.c: CPUs become harts, a window of 64 at a time. */
#include <stddef.h>

#include <xcpu/error.h>

#include "harts.h"

void
xcpu_harts_init(struct xcpu_harts *harts)
{
	*harts = (struct xcpu_harts){ .kicks = NULL };
	xcpu_ids_init(&harts->cpus, XCPU_HART_WINDOW);
}

int
xcpu_harts_add(struct xcpu_harts *harts, unsigned cpu, uint64_t hart)
{
	return hart != UINT64_MAX ? xcpu_ids_add(&harts->cpus, cpu, hart) :
	    -XCPU_EINVAL;
}

void
xcpu_harts_take(const struct xcpu_harts *harts, struct xcpu_cpuset *todo,
    struct xcpu_hart_mask *mask)
{
	unsigned first = xcpu_cpuset_first(todo);

	mask->cpus = *todo;
	mask->base = harts->cpus.id[first] & ~(uint64_t)(XCPU_HART_WINDOW - 1);
	mask->mask = xcpu_ids_take(&harts->cpus, todo, first);
	xcpu_cpuset_andnot(&mask->cpus, todo);
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
	if (harts->kicks == NULL || !xcpu_ids_has(&harts->cpus, cpu))
		return 0;
	/* [H1] acquire: the kick, then its count.  Pairs with [H1] in add_one(). */
	return xcpu_load_acq(&harts->kicks[cpu]);
}
