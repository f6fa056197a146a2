/* SPDX-License-Identifier: BSD-2-Clause */
/* panic.c: says what is wrong and where, once, and ends the machine. */
#include "kernel.h"

static uint32_t panicked;

/* One CPU reports; a second one, and a panic within the report, stand still. */
static void
panic_enter(void)
{
	irq_off();
	if (__atomic_exchange_n(&panicked, 1, __ATOMIC_SEQ_CST) != 0)
		for (;;)	/* ends: with the machine, by the first one */
			cpu_pause();
	mach_printf("panic: CPU %u: ", cpu_self()->index);
}

void
panic(const char *fmt, ...)
{
	va_list args;

	panic_enter();
	va_start(args, fmt);
	console_vprintf(fmt, args);
	va_end(args);
	mach_printf("\n");
	arch_backtrace(0);
	port_dump();
	arch_exit(false);
}

void
panic_at(const struct trap_frame *frame)
{
	panic_enter();
	arch_trap_print(frame);
	arch_backtrace(frame_fp(frame));
	port_dump();
	arch_exit(false);
}
