/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apic.c: a set of CPUs becomes writes of the interrupt command register.
 *
 * The xAPIC's ICR is two registers, and a write of the lower one sends: to
 * whom, the upper one says.  Whatever sends in between changes that.
 * Interrupts are therefore off around the pair; an NMI cannot be, so one that
 * sends leaves both as it found them: upper half restored, delivery finished.
 * Both must also not be written while an earlier interrupt is still being
 * delivered.  That lasts for ever if the receiver is in trouble, so no wait
 * for it is without a bound: who sends may be the one to report the trouble.
 *
 * The x2APIC's ICR is one register without a busy bit: none of this is needed.
 */
#include <stddef.h>

#include <xcpu/error.h>

#include "apic.h"
#ifdef XCPU_APIC_REGS_HEADER
#include XCPU_APIC_REGS_HEADER
#else
#include "apic_regs.h"
#endif

#define ICR_LOW		0x300u
#define ICR_HIGH	0x310u
#define MSR_ICR		0x830u
#define MSR_SELF_IPI	0x83fu

#define ICR_LOGICAL	0x00800u
#define ICR_BUSY	0x01000u
#define ICR_ASSERT	0x04000u	/* to be set but in INIT de-assert */
#define ICR_SELF	0x40000u
#define ICR_ALL		0x80000u
#define ICR_OTHERS	0xc0000u

/*
 * From here on, an id cannot be told from "all", or has the logical name of
 * another, lower id.
 */
#define XAPIC_IDS	0xffu
#define X2APIC_IDS	0xffffffffu
#define LOGICAL_IDS	0x100000u
#define CLUSTER_SIZE	16u

void
xcpu_apic_init(struct xcpu_apic *apic, volatile uint32_t *regs)
{
	*apic = (struct xcpu_apic){
		.regs = regs,
		.busy_polls = XCPU_APIC_BUSY_POLLS,
		.shorthands = true,
		.clusters = regs == NULL,
	};
	xcpu_ids_init(&apic->cpus, CLUSTER_SIZE);
}

int
xcpu_apic_add(struct xcpu_apic *apic, unsigned cpu, uint32_t id)
{
	int error;

	if (id >= (apic->regs != NULL ? XAPIC_IDS : X2APIC_IDS))
		return -XCPU_EINVAL;
	error = xcpu_ids_add(&apic->cpus, cpu, id);
	if (error == 0 && id >= LOGICAL_IDS)
		apic->clusters = false;
	return error;
}

void
xcpu_apic_up(struct xcpu_apic *apic, unsigned cpu)
{
	xcpu_ids_up(&apic->cpus, cpu);
}

void
xcpu_apic_down(struct xcpu_apic *apic, unsigned cpu)
{
	xcpu_ids_down(&apic->cpus, cpu);
}

/* Counted before it is sent, so that its receiver finds it counted. */
static void
add_one(struct xcpu_au64 *counter)
{
	/* [A1] release: the count, then the ICR.  Pairs with [A1] in xcpu_apic_sent(). */
	(void)xcpu_fetch_add_rel(counter, 1);
}

uint64_t
xcpu_apic_sent(const struct xcpu_apic *apic, unsigned cpu, bool nmi)
{
	const struct xcpu_apic_count *count = apic->count;

	if (count == NULL || !xcpu_ids_has(&apic->cpus, cpu))
		return 0;
	/* [A1] acquire: the interrupt, then its count.  Pairs with [A1] in add_one(). */
	return xcpu_load_acq(nmi ? &count[cpu].nmi : &count[cpu].fixed);
}

static bool
icr_idle(struct xcpu_apic *apic)
{
	for (unsigned i = 0; i < apic->busy_polls; i++) {
		if ((xcpu_apic_read(apic, ICR_LOW) & ICR_BUSY) == 0)
			return true;
		xcpu_apic_pause();
	}
	add_one(&apic->busy);
	return false;
}

static int
icr_write(struct xcpu_apic *apic, uint32_t to, uint32_t low)
{
	unsigned long flags;
	bool idle;

	if (apic->regs == NULL) {
		xcpu_apic_wrmsr(MSR_ICR, (uint64_t)to << 32 | low);
		return 0;
	}
	flags = xcpu_apic_irq_save();
	idle = icr_idle(apic);
	if (idle) {
		xcpu_apic_write(apic, ICR_HIGH, to << 24);
		/* An NMI that sends here restores the upper half. */
		xcpu_apic_write(apic, ICR_LOW, low);
	}
	xcpu_apic_irq_restore(flags);
	return idle ? 0 : -XCPU_EBUSY;
}

static int
send_self(struct xcpu_apic *apic, uint32_t low)
{
	if (apic->regs != NULL)
		return icr_write(apic, 0, low | ICR_SELF);
	xcpu_apic_wrmsr(MSR_SELF_IPI, low & 0xff);
	return 0;
}

static int
send_each(struct xcpu_apic *apic, const struct xcpu_cpuset *set, uint32_t low)
{
	int error = 0;

	for (unsigned cpu = xcpu_cpuset_first(set);
	    cpu < XCPU_NCPU_MAX && error == 0; cpu = xcpu_cpuset_next(set, cpu))
		error = icr_write(apic, (uint32_t)apic->cpus.id[cpu], low);
	return error;
}

static int
send_clusters(struct xcpu_apic *apic, struct xcpu_cpuset *todo, uint32_t low)
{
	int error = 0;

	for (unsigned cpu = xcpu_cpuset_first(todo);
	    cpu < XCPU_NCPU_MAX && error == 0;
	    cpu = xcpu_cpuset_next(todo, cpu)) {
		uint32_t cluster = (uint32_t)apic->cpus.id[cpu] / CLUSTER_SIZE;
		uint64_t members = xcpu_ids_take(&apic->cpus, todo, cpu);

		error = icr_write(apic, cluster << 16 | (uint32_t)members,
		    low | ICR_LOGICAL);
	}
	return error;
}

/* The set is not empty.  To itself an NMI goes by id: shorthands cannot. */
static int
send_set(struct xcpu_apic *apic, unsigned self, struct xcpu_cpuset *todo,
    uint32_t low)
{
	bool fixed = (low & XCPU_APIC_NMI) == 0;
	bool with_self = self < XCPU_NCPU_MAX && xcpu_cpuset_has(todo, self);
	struct xcpu_cpuset others = *todo;
	int error;

	if (with_self)
		xcpu_cpuset_del(&others, self);
	if (fixed && xcpu_cpuset_empty(&others))
		return send_self(apic, low);
	if (!xcpu_cpuset_empty(&others) && apic->shorthands &&
	    xcpu_ids_is_all(&apic->cpus, self, &others)) {
		if (fixed && with_self)
			return icr_write(apic, 0, low | ICR_ALL);
		error = icr_write(apic, 0, low | ICR_OTHERS);
		if (error != 0 || !with_self)
			return error;
		xcpu_cpuset_one(todo, self);
	}
	if (apic->clusters)
		return send_clusters(apic, todo, low);
	return send_each(apic, todo, low);
}

/* Counts the targets, and loses those that a test wants lost. */
static void
account(struct xcpu_apic *apic, struct xcpu_cpuset *todo, uint32_t low)
{
	bool nmi = (low & XCPU_APIC_NMI) != 0;
	struct xcpu_apic_count *count;

	if (apic->count == NULL && apic->drop == NULL)
		return;
	for (unsigned cpu = xcpu_cpuset_first(todo); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(todo, cpu)) {
		count = apic->count != NULL ? &apic->count[cpu] : NULL;
		if (apic->drop != NULL && apic->drop(cpu, low)) {
			count = &apic->dropped;
			xcpu_cpuset_del(todo, cpu);
		}
		if (count != NULL)
			add_one(nmi ? &count->nmi : &count->fixed);
	}
}

int
xcpu_apic_send(struct xcpu_apic *apic, unsigned self,
    const struct xcpu_cpuset *set, uint32_t what)
{
	bool restore = apic->regs != NULL && (what & XCPU_APIC_FROM_NMI) != 0;
	uint32_t low = what & ~XCPU_APIC_FROM_NMI;
	struct xcpu_cpuset todo = *set;
	uint32_t high = 0;
	int error;

	if (!xcpu_ids_has_all(&apic->cpus, set))
		return -XCPU_EINVAL;
	account(apic, &todo, low);
	if (xcpu_cpuset_empty(&todo))
		return 0;
	if (apic->regs == NULL)
		xcpu_apic_fence();
	if (restore)
		high = xcpu_apic_read(apic, ICR_HIGH);
	error = send_set(apic, self, &todo, low | ICR_ASSERT);
	if (restore) {
		/* Stuck or not, the code below must find its upper half. */
		(void)icr_idle(apic);
		xcpu_apic_write(apic, ICR_HIGH, high);
	}
	return error;
}
