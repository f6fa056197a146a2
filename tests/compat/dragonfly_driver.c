/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dragonfly_driver.c: a driver as its author would have written it for DragonFly
 * of 2005, with the headers and their comments at hand.
 *
 * A pool of objects, each owned by a CPU: whoever frees one elsewhere sends it
 * home, for only its owner touches the list.  A table that everybody reads is
 * replaced while nobody looks.  It is never changed together with what it is
 * compiled against.
 */
#include <sys/param.h>
#include <sys/types.h>
#include <sys/systm.h>
#include <sys/globaldata.h>
#include <sys/thread.h>
#include <sys/thread2.h>

#include "dragonfly_driver.h"

struct obj {
	struct obj	*o_next;
	globaldata_t	o_owner;
};

struct obj_pcpu {
	struct obj	*op_free;
	int		op_nfree;
	int		op_ticks;	/* profiling: interrupts seen ... */
	int		op_framed;	/* ... and with a frame */
	const int	*op_table;	/* what this CPU reads */
};

static struct obj_pcpu obj_pcpu[OBJ_MAXCPUS];
static struct obj objs[OBJ_MAXCPUS * OBJ_PERCPU];
static int table_old[1] = { 1 };

/* On the owner, in its IPI. */
static void
obj_free_local(void *arg)
{
	struct obj *o = arg;
	struct obj_pcpu *op = &obj_pcpu[mycpu->gd_cpuid];

	o->o_next = op->op_free;
	op->op_free = o;
	op->op_nfree++;
}

void
obj_attach(void)
{
	int cpu, i;

	for (cpu = 0; cpu < ncpus; cpu++) {
		obj_pcpu[cpu].op_table = table_old;
		for (i = 0; i < OBJ_PERCPU; i++) {
			struct obj *o = &objs[cpu * OBJ_PERCPU + i];

			o->o_owner = globaldata_find(cpu);
		}
	}
}

/*
 * Free object i of a CPU: there, if it is ours, else by message.  We do not care
 * when, unless the owner is told to hurry.
 */
int
obj_free(int cpu, int i, int hurry)
{
	struct obj *o = &objs[cpu * OBJ_PERCPU + i];

	if (o->o_owner == mycpu) {
		obj_free_local(o);
		return (0);
	}
	if (hurry)
		return (lwkt_send_ipiq(o->o_owner, obj_free_local, o));
	return (lwkt_send_ipiq_passive(o->o_owner, obj_free_local, o));
}

/* The same, if there is room right now. */
int
obj_tryfree(int cpu, int i)
{
	struct obj *o = &objs[cpu * OBJ_PERCPU + i];

	return (lwkt_send_ipiq_nowait(o->o_owner, obj_free_local, o));
}

/* Everything that this CPU has freed there has arrived. */
void
obj_drain(int cpu)
{
	globaldata_t gd = globaldata_find(cpu);

	if (gd != mycpu)
		lwkt_wait_ipiq(gd, lwkt_seq_ipiq(gd));
}

int
obj_nfree(int cpu)
{
	return (obj_pcpu[cpu].op_nfree);
}

/* Profiling clock, forwarded to other CPUs with what it interrupted. */
static void
obj_statclock(void *arg, struct intrframe *frame)
{
	struct obj_pcpu *op = &((struct obj_pcpu *)arg)[mycpu->gd_cpuid];

	op->op_ticks++;
	if (frame != NULL)
		op->op_framed++;
}

int
obj_forward_statclock(void)
{
	return (lwkt_send_ipiq_mask(mycpu->gd_other_cpus & smp_active_mask,
	    (ipifunc_t)obj_statclock, obj_pcpu));
}

int
obj_statclock_bycpu(int cpu)
{
	return (lwkt_send_ipiq_bycpu(cpu, (ipifunc_t)obj_statclock, obj_pcpu));
}

int
obj_ticks(int cpu, int framed)
{
	return (framed ? obj_pcpu[cpu].op_framed : obj_pcpu[cpu].op_ticks);
}

/* Each CPU, synchronously: take the new table. */
static void
obj_take_table(lwkt_cpusync_t poll)
{
	obj_pcpu[mycpu->gd_cpuid].op_table = poll->cs_data;
}

void
obj_set_table(const int *table)
{
	lwkt_cpusync_simple(smp_active_mask, obj_take_table, (void *)table);
}

/* Add to the table in place: nobody may read it meanwhile. */
void
obj_add_to_table(int *table, int n)
{
	struct lwkt_cpusync sync;

	sync.cs_run_func = NULL;
	sync.cs_fin1_func = NULL;
	sync.cs_fin2_func = NULL;
	sync.cs_data = table;
	lwkt_cpusync_start(mycpu->gd_other_cpus, &sync);
	table[0] += n;
	lwkt_cpusync_finish(&sync);
}

int
obj_read_table(void)
{
	return (obj_pcpu[mycpu->gd_cpuid].op_table[0]);
}

/* Forget the free list of each CPU; who is on the way comes later. */
static void
obj_forget(void *data)
{
	((struct obj_pcpu *)data)[mycpu->gd_cpuid].op_nfree = 0;
}

void
obj_reset(void)
{
	lwkt_cpusync_fastdata((cpumask_t)-1, obj_forget, obj_pcpu);
}
