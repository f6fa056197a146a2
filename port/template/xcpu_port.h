/* SPDX-License-Identifier: 0BSD */
/*
 * xcpu_port.h: the inline half of a port, to be filled in; xcpu_port.c is the
 * other.  <xcpu/port.h> has the whole contract, with each hook's caller.
 *
 * Start with level 0, build with -DXCPU_PORT_LEVEL=0, run the self-test, and
 * go up by one.  What is above your level does not have to be here at all.
 */
#ifndef XCPU_PORT_TEMPLATE_H
#define XCPU_PORT_TEMPLATE_H

/* The contract that this was written for: XCPU_PORT_VERSION of that time. */
#define XCPU_PORT_CONTRACT 1

/*
 * Stands for your instruction: a value of which the compiler knows nothing, so
 * that the library comes out as large as with the real one.
 */
#define FILL_IN(type) ({ type v_ = 0; __asm__("" : "+r"(v_)); v_; })

/* ---- level 0 begins: all that xcpu needs to work, by polling ---- */

/*
 * The block that this CPU gave to xcpu_cpu_online(); NULL before.  Right in an
 * NMI too.  x86_64: %gs:SELF; aarch64: tpidr_el1; riscv64: the tp register.
 */
static inline struct xcpu_cpu *
xcpu_port_self(void)
{
	return FILL_IN(struct xcpu_cpu *);
}

/* Mask the kick's interrupt on this CPU; return how it was. */
static inline unsigned long
xcpu_port_irq_save(void)
{
	return FILL_IN(unsigned long);
}

/*
 * Put it back as it was at that save, not just one level less.  Both nest, and
 * are compiler barriers.
 */
static inline void
xcpu_port_irq_restore(unsigned long state)
{
	__asm__ volatile("" : : "r"(state) : "memory");
}

/*
 * A sum of XCPU_CTX_MASKED (a kick would not be taken now), XCPU_CTX_LOCKED
 * (this CPU holds a spinlock of the kernel) and XCPU_CTX_NMI (it is in one).
 */
static inline unsigned
xcpu_port_context(void)
{
	return FILL_IN(unsigned);
}

/* One turn of a spin loop: pause, yield; `spins` counts from 0 in each wait. */
static inline void
xcpu_port_relax(unsigned spins)
{
	__asm__ volatile("" : : "r"(spins) : "memory");
}

/* ---- level 0 ends; its panic is in xcpu_port.c ---- */

#if XCPU_PORT_LEVEL >= 2
/*
 * Nanoseconds since whenever; goes on with interrupts off, right in an NMI.
 * x86_64: rdtsc, scaled; aarch64: cntvct_el0; riscv64: rdtime.
 */
static inline uint64_t
xcpu_port_now_ns(void)
{
	return FILL_IN(uint64_t);
}
#endif

#if XCPU_PORT_LEVEL >= 3
/*
 * Page-table stores before it, walks by any CPU after it.
 * x86_64: a compiler barrier; aarch64: dsb ishst; riscv64: fence w, rw.
 */
static inline void
xcpu_port_pte_publish(void)
{
	__asm__ volatile("" ::: "memory");
}
#endif

#endif /* XCPU_PORT_TEMPLATE_H */
