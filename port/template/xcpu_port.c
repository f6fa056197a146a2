/* SPDX-License-Identifier: 0BSD */
/*
 * xcpu_port.c: the hooks of a port that are ordinary functions, to be filled
 * in.  xcpu_port.h is the inline half; <xcpu/port.h> has the whole contract.
 */
#include <xcpu/port.h>

/* Delete this line once the hooks below use what they are given. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

/* ---- level 0 begins ---- */

/* Say `text` and where, from any context, and stop the machine. */
void
xcpu_port_panic(const char *text, const char *file, int line)
{
	__builtin_trap();
}

/* ---- level 0 ends ---- */

#if XCPU_PORT_LEVEL >= 1
/*
 * Interrupt each CPU of the set, perhaps this one too; the interrupt's handler
 * acknowledges the controller and calls xcpu_on_ipi().  Every store made before
 * must be visible to it:
 *
 *	x86_64		xAPIC: nothing to add; x2APIC: mfence; lfence first
 *	aarch64		dsb ishst, then icc_sgi1r_el1, then isb
 *	riscv64		fence rw, rw, then the SBI call
 *
 * May be called in an NMI, between any two instructions of itself.
 */
void
xcpu_port_kick(const struct xcpu_cpuset *set)
{
}
#endif

#if XCPU_PORT_LEVEL >= 2
/*
 * A CPU has been waiting for long: print the report, without taking locks, and
 * say what it is to do: XCPU_STALL_REKICK unless you know better.
 */
enum xcpu_stall_policy
xcpu_port_stall(const struct xcpu_stall *report)
{
	return XCPU_STALL_REKICK;
}
#endif

#if XCPU_PORT_LEVEL >= 3
/*
 * Forget, on this CPU, [start, start + len) of request->space, or all of it if
 * request->flags has XCPU_FLUSH_FULL: global entries too if space->kernel, and
 * the upper levels too with XCPU_FLUSH_TABLES.  Entries are 1 << stride_shift
 * bytes apart.  On return nothing uses what was replaced, a walk neither, and all
 * accesses through it are over.  Masked; from level 4 on in NMIs, too.
 *
 *	x86_64		invlpg per page; or mov cr3; or CR4.PGE off and on
 *	aarch64		tlbi vae1 per page, or aside1, or vmalle1; dsb nsh; isb
 *	riscv64		sfence.vma
 */
void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
}

/*
 * Translate by this space from here on (NULL: by the kernel's tables alone),
 * with nothing left of what was cached of it.  space->host is yours: what you
 * gave to xcpu_space_init().  Masked.
 */
void
xcpu_port_root_load(struct xcpu_space *space)
{
}
#endif

/* ---- of a machine that can do more: -DXCPU_PORT_REMOTE=1, -DXCPU_PORT_NEAR=1 ---- */

#if XCPU_PORT_LEVEL >= 3 && XCPU_PORT_REMOTE
/*
 * Forget on the CPUs of *todo without interrupting them, as xcpu_port_tlb_flush()
 * does on this one, and take out of it those for which that is done and over; the
 * rest is kicked.
 *
 *	x86_64		invlpgb; tlbsync
 *	aarch64		tlbi vae1is per page, or aside1is, or vmalle1is; dsb ish
 *	riscv64		the SBI's remote fences
 */
void
xcpu_port_tlb_remote(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
}
#endif

#if XCPU_PORT_NEAR
/* The CPU of the set that is nearest to `cpu`: for xcpu_call_any(). */
unsigned
xcpu_port_near(unsigned cpu, const struct xcpu_cpuset *set)
{
	return xcpu_cpuset_first(set);
}
#endif

#if XCPU_PORT_LEVEL >= 4
/*
 * Interrupt each CPU of the set although it masks; the handler calls
 * xcpu_on_nmi().  Stores made before are visible to it, as with xcpu_port_kick().
 * Where there is no such interrupt: xcpu_port_kick(set), or stay at level 3.
 */
void
xcpu_port_kick_nmi(const struct xcpu_cpuset *set)
{
}
#endif
