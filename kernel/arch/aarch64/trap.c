/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.c: what every interrupt and exception leads to, and the accesses that
 * may fault.
 */
#include "arm.h"

#define LIST_MAX	(MACH_PAGE_SIZE / sizeof(struct mach_access))
#define BACKTRACE_MAX	16

_Static_assert(offsetof(struct mach_access, va) == ACCESS_VA &&
    offsetof(struct mach_access, value) == ACCESS_VALUE &&
    offsetof(struct mach_access, op) == ACCESS_OP &&
    offsetof(struct mach_access, fault) == ACCESS_FAULT &&
    sizeof(struct mach_access) == ACCESS_SIZE && MACH_READ == 0, "layout.h");
_Static_assert(offsetof(struct trap_frame, x[30]) == FRAME_X30 &&
    offsetof(struct trap_frame, pc) == FRAME_PC &&
    offsetof(struct trap_frame, pstate) == FRAME_PSTATE &&
    offsetof(struct trap_frame, mask) == FRAME_MASK &&
    offsetof(struct trap_frame, sp) == FRAME_SP &&
    sizeof(struct trap_frame) == FRAME_SIZE, "layout.h");
_Static_assert(MASK_OPEN == XCPU_ARM_MASK_OPEN &&
    MASK_IRQS == XCPU_ARM_MASK_IRQS, "layout.h");

void trap(struct trap_frame *frame, unsigned vector);

/* Where user mode sees a label of the window's code. */
static uint64_t
user_address(const char *label)
{
	return WINDOW_CODE + (uint64_t)(label - window_start);
}

/* An access of mach_access() faulted: note it, go on behind it. */
static bool
access_faulted(struct trap_frame *frame)
{
	uint64_t class = XCPU_ARM_READ("esr_el1") >> ESR_CLASS_SHIFT;

	if (class != CLASS_ABORT_EL0 && class != CLASS_ABORT_EL1)
		return false;
	if (frame->pc == (uint64_t)kernel_load ||
	    frame->pc == (uint64_t)kernel_store)
		frame->pc = (uint64_t)kernel_fault;
	else if (frame->pc == user_address(user_load) ||
	    frame->pc == user_address(user_store))
		frame->pc = user_address(user_fault);
	else
		return false;
	return true;
}

static void
interrupt_serve(uint32_t interrupt)
{
	switch (interrupt) {
	case PPI_TICK:
		on_tick();
		break;
	case SGI_KICK:
		on_kick();
		break;
	case SGI_WAKE:
		break;
	default:
		panic("interrupt %u, which nobody sends", interrupt);
	}
}

/*
 * An NMI is served with everything masked.  Any other is over for the controller
 * before the work: what arrives from here on interrupts again, and NMIs at once.
 */
static void
interrupt(const struct trap_frame *frame, bool from_user)
{
	uint32_t taken = gic_take();

	if (taken == GIC_NOTHING)
		return;
	if (taken == SGI_NMI) {
		on_nmi(frame);
		gic_done(taken);
		return;
	}
	if (taken == PPI_TICK)
		tick_again();
	irq_off();
	gic_done(taken);
	xcpu_arm_irqs_on();
	if (from_user)
		kernel_entered();
	interrupt_serve(taken);
	if (from_user)
		kernel_left();
}

void
trap(struct trap_frame *frame, unsigned vector)
{
	bool from_user = (vector & TRAP_USER) != 0;
	unsigned how = vector % TRAP_KERNEL;

	if (vector < TRAP_KERNEL || vector >= TRAP_KERNEL + TRAP_USER)
		panic_at(frame);
	if (how == TRAP_IRQ) {
		interrupt(frame, from_user);
		return;
	}
	if (from_user)
		kernel_entered();
	if (how != TRAP_SYNC || !access_faulted(frame))
		panic_at(frame);
	if (from_user)
		kernel_left();
}

void
access_as_user(struct mach_access *list, unsigned n)
{
	struct cpu *cpu = cpu_self();
	uint64_t window = WINDOW_LIST((uint64_t)cpu->index);

	while (n > 0) {		/* ends: n falls by at least 1 */
		unsigned now = n < LIST_MAX ? n : LIST_MAX;
		size_t len = now * sizeof(*list);
		unsigned long state;

		memcpy(cpu->arch.access_list, list, len);
		state = irq_save();
		kernel_left();
		downcall(user_address(user_loop), window, window + len);
		kernel_entered();	/* by the system call that ends it */
		irq_restore(state);
		memcpy(list, cpu->arch.access_list, len);
		list += now;
		n -= now;
	}
}

void
access_as_kernel(struct mach_access *list, unsigned n)
{
	/* Or the walks may miss a page that was mapped just now; so does ERET. */
	xcpu_arm_isb();
	kernel_loop(list, list + n);
}

void
arch_trap_print(const struct trap_frame *frame)
{
	mach_printf("trap: esr %lx, far %lx, pc %lx, sp %lx, pstate %lx, "
	    "lr %lx\n", XCPU_ARM_READ("esr_el1"), XCPU_ARM_READ("far_el1"),
	    frame->pc, frame->sp, frame->pstate, frame->x[30]);
}

/* Return addresses, for addr2line; fp 0: of the caller. */
void
arch_backtrace(uint64_t fp)
{
	unsigned i;

	if (fp == 0)
		fp = (uint64_t)__builtin_frame_address(0);
	for (i = 0; i < BACKTRACE_MAX && fp >= DIRECT_BASE; i++) {
		const uint64_t *frame = (const uint64_t *)fp;

		mach_printf("  from %lx\n", frame[1]);
		fp = frame[0];
	}
}
