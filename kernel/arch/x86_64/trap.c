/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.c: what every interrupt and exception leads to, and the accesses that
 * may fault.
 */
#include "x86.h"

#define LIST_MAX	(MACH_PAGE_SIZE / sizeof(struct mach_access))
#define BACKTRACE_MAX	16
#define USER_MODE	3	/* of a code segment: the ring */

_Static_assert(offsetof(struct mach_access, va) == ACCESS_VA &&
    offsetof(struct mach_access, value) == ACCESS_VALUE &&
    offsetof(struct mach_access, op) == ACCESS_OP &&
    offsetof(struct mach_access, fault) == ACCESS_FAULT &&
    sizeof(struct mach_access) == ACCESS_SIZE && MACH_READ == 0, "layout.h");

void trap(struct trap_frame *frame);

/* Where ring 3 sees a label of the window's code. */
static uint64_t
user_address(const char *label)
{
	return WINDOW_CODE + (uint64_t)(label - window_start);
}

/* An access of mach_access() faulted: note it, go on behind it. */
static bool
access_faulted(struct trap_frame *frame)
{
	if (frame->vector != VEC_PF && frame->vector != VEC_GP)
		return false;
	if (frame->rip == (uint64_t)kernel_load ||
	    frame->rip == (uint64_t)kernel_store)
		frame->rip = (uint64_t)kernel_fault;
	else if (frame->rip == user_address(user_load) ||
	    frame->rip == user_address(user_store))
		frame->rip = user_address(user_fault);
	else
		return false;
	return true;
}

static void
interrupt(unsigned vector)
{
	if (vector == VEC_SPURIOUS)	/* is not in service: no EOI */
		return;
	/* Before the work: what arrives from here on interrupts again. */
	apic_write(APIC_EOI, 0);
	switch (vector) {
	case VEC_TICK:
		on_tick();
		break;
	case VEC_IPI:
		on_kick();
		break;
	case VEC_WAKE:
		break;
	default:
		panic("interrupt %u, which nobody sends", vector);
	}
}

void
trap(struct trap_frame *frame)
{
	bool from_user = frame->vector != VEC_NMI &&
	    (frame->cs & USER_MODE) != 0;

	if (from_user)
		kernel_entered();
	if (frame->vector == VEC_NMI)
		on_nmi(frame);
	else if (frame->vector >= VEC_TICK)
		interrupt((unsigned)frame->vector);
	else if (!access_faulted(frame))
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
	kernel_loop(list, list + n);
}

void
arch_trap_print(const struct trap_frame *frame)
{
	uint64_t cr2;

	__asm__ volatile("movq %%cr2, %0" : "=r"(cr2));
	mach_printf("trap %lu, error %lx, rip %lx, rsp %lx, rflags %lx, "
	    "cs %lx, cr2 %lx\n", frame->vector, frame->error, frame->rip,
	    frame->rsp, frame->rflags, frame->cs, cr2);
}

/* Return addresses, for addr2line; rbp 0: of the caller. */
void
arch_backtrace(uint64_t rbp)
{
	unsigned i;

	if (rbp == 0)
		__asm__ volatile("movq %%rbp, %0" : "=r"(rbp));
	for (i = 0; i < BACKTRACE_MAX && rbp >= DIRECT_BASE; i++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		mach_printf("  from %lx\n", frame[1]);
		rbp = frame[0];
	}
}
