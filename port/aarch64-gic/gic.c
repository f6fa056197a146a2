/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gic.c: a set of CPUs becomes writes of ICC_SGI1R_EL1, or of GICD_SGIR.
 *
 * ICC_SGI1R_EL1 names up to 16 CPUs at once: those whose affinities are the same
 * but for the lowest four bits of Aff0, which the range selector (RS) adds to.
 * A system register is written in no order with stores to memory, so the stores
 * are made visible first, by a barrier that waits for them; GICD_SGIR, which is
 * device memory, is safe with the same one.  The ISB behind makes the write
 * happen now, not when the CPU gets round to it.
 */
#include <stddef.h>

#include <xcpu/error.h>

#include "arm_insn.h"
#include "gic.h"

/* Of ICC_SGI1R_EL1.  Aff3 and Aff2 are moved together. */
#define SGI1R_SGI(sgi)		((uint64_t)(sgi) << 24)
#define SGI1R_AFF1(id)		(((id) >> 8 & 0xff) << 16)
#define SGI1R_AFF2(id)		(((id) >> 16 & 0xff) << 32)
#define SGI1R_AFF3(id)		(((id) >> 32 & 0xff) << 48)
#define SGI1R_RANGE(id)		(((id) >> 4 & 0xf) << 44)
#define SGI1R_OTHERS		(UINT64_C(1) << 40)	/* IRM */

/* Of a GICv2's distributor. */
#define GICD_SGIR		0xf00u
#define SGIR_TARGETS(list)	((list) << 16)
#define SGIR_OTHERS		(1u << 24)
#define GICV2_CPUS		8u

#define GROUP_SIZE		16u

void
xcpu_gic_init(struct xcpu_gic *gic, volatile uint32_t *distributor)
{
	*gic = (struct xcpu_gic){
		.distributor = distributor,
		.all_others = true,
	};
	xcpu_ids_init(&gic->cpus, GROUP_SIZE);
}

static bool
is_id(const struct xcpu_gic *gic, uint64_t id)
{
	if (gic->distributor != NULL)
		return id < GICV2_CPUS;
	return (id & 0xff) < GROUP_SIZE || gic->range_selector;
}

int
xcpu_gic_add(struct xcpu_gic *gic, unsigned cpu, uint64_t id)
{
	if (gic->distributor == NULL)
		id &= XCPU_GIC_AFFINITY;	/* the rest says other things */
	return is_id(gic, id) ? xcpu_ids_add(&gic->cpus, cpu, id) :
	    -XCPU_EINVAL;
}

void
xcpu_gic_up(struct xcpu_gic *gic, unsigned cpu)
{
	xcpu_ids_up(&gic->cpus, cpu);
}

void
xcpu_gic_down(struct xcpu_gic *gic, unsigned cpu)
{
	xcpu_ids_down(&gic->cpus, cpu);
}

/* Counted before it is sent, so that its receiver finds it counted. */
static void
add_one(struct xcpu_au64 *counter)
{
	/* [V1] release: the count, then the SGI.  Pairs with [V1] in xcpu_gic_sent(). */
	(void)xcpu_fetch_add_rel(counter, 1);
}

uint64_t
xcpu_gic_sent(const struct xcpu_gic *gic, unsigned cpu, uint32_t sgi)
{
	if (gic->count == NULL || !xcpu_ids_has(&gic->cpus, cpu) || sgi >= XCPU_GIC_SGIS)
		return 0;
	/* [V1] acquire: the interrupt, then its count.  Pairs with [V1] in add_one(). */
	return xcpu_load_acq(&gic->count[cpu].sgi[sgi]);
}

static bool
is_all_others(const struct xcpu_gic *gic, unsigned self,
    const struct xcpu_cpuset *set)
{
	return gic->all_others && self < XCPU_NCPU_MAX &&
	    !xcpu_cpuset_has(set, self) &&
	    xcpu_ids_is_all(&gic->cpus, self, set);
}

static void
send_others(const struct xcpu_gic *gic, uint32_t sgi)
{
	if (gic->distributor != NULL)
		xcpu_arm_write32(&gic->distributor[GICD_SGIR / 4],
		    SGIR_OTHERS | sgi);
	else
		xcpu_arm_sgi1r(SGI1R_OTHERS | SGI1R_SGI(sgi));
}

static void
send_list(const struct xcpu_gic *gic, uint64_t id, uint32_t list, uint32_t sgi)
{
	if (gic->distributor != NULL)
		xcpu_arm_write32(&gic->distributor[GICD_SGIR / 4],
		    SGIR_TARGETS(list) | sgi);
	else
		xcpu_arm_sgi1r(SGI1R_AFF3(id) | SGI1R_RANGE(id) |
		    SGI1R_AFF2(id) | SGI1R_SGI(sgi) | SGI1R_AFF1(id) | list);
}

/* Counts the targets, and loses those that a test wants lost. */
static void
account(struct xcpu_gic *gic, struct xcpu_cpuset *todo, uint32_t sgi)
{
	struct xcpu_gic_count *count;

	if (gic->count == NULL && gic->drop == NULL)
		return;
	for (unsigned cpu = xcpu_cpuset_first(todo); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(todo, cpu)) {
		count = gic->count != NULL ? &gic->count[cpu] : NULL;
		if (gic->drop != NULL && gic->drop(cpu, sgi)) {
			count = &gic->dropped;
			xcpu_cpuset_del(todo, cpu);
		}
		if (count != NULL)
			add_one(&count->sgi[sgi]);
	}
}

int
xcpu_gic_send(struct xcpu_gic *gic, unsigned self,
    const struct xcpu_cpuset *set, uint32_t sgi)
{
	struct xcpu_cpuset todo = *set;

	if (!xcpu_ids_has_all(&gic->cpus, set) || sgi >= XCPU_GIC_SGIS)
		return -XCPU_EINVAL;
	account(gic, &todo, sgi);
	if (xcpu_cpuset_empty(&todo))
		return 0;
	xcpu_arm_dsb_ishst();
	if (is_all_others(gic, self, &todo)) {
		send_others(gic, sgi);
		xcpu_cpuset_zero(&todo);
	}
	for (unsigned cpu = xcpu_cpuset_first(&todo); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(&todo, cpu)) {
		uint64_t list = xcpu_ids_take(&gic->cpus, &todo, cpu);

		send_list(gic, gic->cpus.id[cpu], (uint32_t)list, sgi);
	}
	xcpu_arm_isb();
	return 0;
}
