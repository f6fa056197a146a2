/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netbsd_driver.c: a driver as its author would have written it with nothing
 * but the manual page ipi(9) at hand.
 *
 * A device with a queue per CPU: submitters raise a doorbell there (asynchronous
 * IPI), and an ioctl collects the statistics of all (synchronous IPI).  It is
 * never changed together with what it is compiled against.
 */
#include <sys/param.h>
#include <sys/types.h>
#include <sys/systm.h>
#include <sys/cpu.h>
#include <sys/kcpuset.h>
#include <sys/ipi.h>

#include "netbsd_driver.h"

struct pcq_softc {
	u_int		 sc_doorbell;		/* ipi(9) id */
	kcpuset_t	*sc_users;		/* CPUs that have a queue */
	volatile unsigned long sc_rung[PCQ_MAXCPUS];
	volatile unsigned long sc_snapshot[PCQ_MAXCPUS];
};

static struct pcq_softc pcq_sc;

/* IPL_HIGH, on the CPU whose doorbell was raised. */
static void
pcq_intr(void *arg)
{
	struct pcq_softc *sc = arg;

	sc->sc_rung[cpu_index(curcpu())]++;
}

/* IPL_HIGH, on each CPU that is asked. */
static void
pcq_snapshot(void *arg)
{
	struct pcq_softc *sc = arg;
	const u_int i = cpu_index(curcpu());

	sc->sc_snapshot[i] = sc->sc_rung[i] + 1;
}

int
pcq_attach(void)
{
	struct pcq_softc *sc = &pcq_sc;
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;

	sc->sc_doorbell = ipi_register(pcq_intr, sc);
	if (sc->sc_doorbell == 0)
		return 1;
	kcpuset_create(&sc->sc_users, true);
	for (CPU_INFO_FOREACH(cii, ci))
		kcpuset_set(sc->sc_users, cpu_index(ci));
	return 0;
}

void
pcq_detach(void)
{
	struct pcq_softc *sc = &pcq_sc;

	ipi_unregister(sc->sc_doorbell);
	kcpuset_destroy(sc->sc_users);
}

/* Raise the doorbell of one remote CPU. */
void
pcq_kick(u_int cpu)
{
	struct cpu_info *ci = cpu_lookup(cpu);

	kpreempt_disable();
	if (ci != NULL && ci != curcpu())
		ipi_trigger(pcq_sc.sc_doorbell, ci);
	kpreempt_enable();
}

void
pcq_kick_users(void)
{
	kpreempt_disable();
	ipi_trigger_multi(pcq_sc.sc_doorbell, pcq_sc.sc_users);
	kpreempt_enable();
}

void
pcq_kick_all(bool skip_self)
{
	kpreempt_disable();
	ipi_trigger_broadcast(pcq_sc.sc_doorbell, skip_self);
	kpreempt_enable();
}

unsigned long
pcq_rung(u_int cpu)
{
	return pcq_sc.sc_rung[cpu];
}

/* One remote CPU's count. */
unsigned long
pcq_read_one(u_int cpu)
{
	ipi_msg_t msg;

	msg.func = pcq_snapshot;
	msg.arg = &pcq_sc;
	pcq_sc.sc_snapshot[cpu] = 0;
	kpreempt_disable();
	ipi_unicast(&msg, cpu_lookup(cpu));
	kpreempt_enable();
	ipi_wait(&msg);
	return pcq_sc.sc_snapshot[cpu] - 1;
}

/* The counts of all who use the device, or of all CPUs there are. */
unsigned long
pcq_read_sum(bool users)
{
	ipi_msg_t msg = { .func = pcq_snapshot, .arg = &pcq_sc };
	CPU_INFO_ITERATOR cii;
	struct cpu_info *ci;
	unsigned long sum = 0;

	for (CPU_INFO_FOREACH(cii, ci))
		pcq_sc.sc_snapshot[cpu_index(ci)] = 0;
	kpreempt_disable();
	if (users)
		ipi_multicast(&msg, pcq_sc.sc_users);
	else
		ipi_broadcast(&msg, false);
	kpreempt_enable();
	ipi_wait(&msg);
	for (CPU_INFO_FOREACH(cii, ci))
		sum += pcq_sc.sc_snapshot[cpu_index(ci)] - 1;
	return sum;
}
