/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serial.c: the console (a PL011, polled) and the way out (semihosting, which
 * takes an exit code: 33 passed, 35 failed).
 */
#include "arm.h"

#define REG_DATA	0x00
#define REG_FLAGS	0x18
#define REG_CONTROL	0x30
#define FLAG_FULL	0x20
#define CONTROL_SEND	0x101		/* and enable */
#define SYS_EXIT	0x18
#define APPLICATION_EXIT	0x20026
#define EXIT_PASSED	33
#define EXIT_FAILED	35

static volatile uint32_t *
reg(unsigned at)
{
	return (volatile uint32_t *)phys_to_virt(UART_BASE + at);
}

void
console_init(void)
{
	*reg(REG_CONTROL) = CONTROL_SEND;
}

void
console_putc(char c)
{
	unsigned i;

	/* bounded: a line that is not there must not stop the kernel */
	for (i = 0; i < 10000 && (*reg(REG_FLAGS) & FLAG_FULL); i++)
		cpu_pause();
	*reg(REG_DATA) = (uint8_t)c;
}

void
arch_exit(bool passed)
{
	uint64_t block[2] = { APPLICATION_EXIT,
	    passed ? EXIT_PASSED : EXIT_FAILED };
	register uint64_t operation __asm__("x0") = SYS_EXIT;
	register uint64_t *argument __asm__("x1") = block;

	irq_off();
	__asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(argument)
	    : "memory");
	for (;;)		/* ends: never; nobody listens to semihosting */
		__asm__ volatile("wfi");
}
