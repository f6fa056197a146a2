/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.c: what every interrupt and exception leads to, and the accesses that
 * may fault.
 */
#include "riscv.h"

#define LIST_MAX	(MACH_PAGE_SIZE / sizeof(struct mach_access))
#define BACKTRACE_MAX	16
#define CAUSE_LOAD_FIRST 4		/* to 7: misaligned or refused accesses */
#define CAUSE_STORE_LAST 7
#define CAUSE_LOAD_PAGE	13
#define CAUSE_STORE_PAGE 15

_Static_assert(offsetof(struct mach_access, va) == ACCESS_VA &&
    offsetof(struct mach_access, value) == ACCESS_VALUE &&
    offsetof(struct mach_access, op) == ACCESS_OP &&
    offsetof(struct mach_access, fault) == ACCESS_FAULT &&
    sizeof(struct mach_access) == ACCESS_SIZE && MACH_READ == 0, "layout.h");
_Static_assert(offsetof(struct trap_frame, pc) == FRAME_PC &&
    offsetof(struct trap_frame, status) == FRAME_STATUS &&
    offsetof(struct trap_frame, cause) == FRAME_CAUSE &&
    offsetof(struct trap_frame, value) == FRAME_VALUE &&
    sizeof(struct trap_frame) == FRAME_SIZE, "layout.h");

void trap(struct trap_frame *frame);

/* Where U-mode sees a label of the window's code. */
static uint64_t
user_address(const char *label)
{
	return WINDOW_CODE + (uint64_t)(label - window_start);
}

static bool
is_access_fault(uint64_t cause)
{
	return (cause >= CAUSE_LOAD_FIRST && cause <= CAUSE_STORE_LAST) ||
	    cause == CAUSE_LOAD_PAGE || cause == CAUSE_STORE_PAGE;
}

/* An access of mach_access() faulted: note it, go on behind it. */
static bool
access_faulted(struct trap_frame *frame)
{
	if (!is_access_fault(frame->cause))
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
interrupt(uint64_t number)
{
	switch (number) {
	case IRQ_SOFTWARE:
		software_interrupt();
		break;
	case IRQ_TIMER:
		timer_interrupt();
		break;
	default:
		panic("interrupt %lu, which nobody enabled", number);
	}
}

void
trap(struct trap_frame *frame)
{
	bool from_user = (frame->status & STATUS_SPP) == 0;

	if (from_user)
		kernel_entered();
	if ((frame->cause & CAUSE_INTERRUPT) != 0)
		interrupt(frame->cause & ~CAUSE_INTERRUPT);
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
	mach_printf("trap %lx, pc %lx, ra %lx, sp %lx, status %lx, value %lx\n",
	    frame->cause, frame->pc, frame->x[1 - 1], frame->x[2 - 1],
	    frame->status, frame->value);
}

/* Return addresses, for addr2line; fp 0: of the caller. */
void
arch_backtrace(uint64_t fp)
{
	unsigned i;

	if (fp == 0)
		__asm__ volatile("mv %0, s0" : "=r"(fp));
	for (i = 0; i < BACKTRACE_MAX && fp >= DIRECT_BASE && fp % 16 == 0;
	    i++) {
		const uint64_t *frame = (const uint64_t *)fp;

		mach_printf("  from %lx\n", frame[-1]);
		fp = frame[-2];
	}
}
