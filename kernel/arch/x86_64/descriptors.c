/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * descriptors.c: segments, interrupt table, and the stacks that the processor
 * changes to by itself.
 */
#include "x86.h"

struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

#define STUB_BYTES	16		/* of trap_stubs */
#define GATE_INTERRUPT	0x8e		/* masks interrupts on entry */
#define OWN_STACK_BYTES	8192		/* of NMI and double fault */

_Static_assert(offsetof(struct arch_cpu, self) == CPU_SELF, "layout.h");
_Static_assert(offsetof(struct arch_cpu, downcall_rsp) == CPU_DOWNCALL,
    "layout.h");
_Static_assert(offsetof(struct arch_cpu, tss) + offsetof(struct tss, rsp) ==
    CPU_RSP0, "layout.h");
_Static_assert(offsetof(struct cpu, arch) == 0, "GS points to arch");

static struct gate idt[256];

static void
idt_fill(void)
{
	unsigned i;

	for (i = 0; i < 256; i++) {
		uint64_t stub = (uint64_t)trap_stubs + i * STUB_BYTES;

		idt[i] = (struct gate){
			.offset_low = (uint16_t)stub,
			.selector = KERNEL_CS,
			.ist = i == VEC_NMI ? 1 : i == VEC_DOUBLE ? 2 : 0,
			.type = GATE_INTERRUPT,
			.offset_middle = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
}

/* The word on top of such a stack tells entry.S which CPU this is. */
static uint64_t
own_stack(struct cpu *cpu)
{
	char *stack = mach_alloc(OWN_STACK_BYTES);
	char *top = stack + OWN_STACK_BYTES - 16;

	if (stack == NULL)
		panic("no memory for the stacks of CPU %u", cpu->index);
	*(struct cpu **)top = cpu;
	return (uint64_t)top;
}

static void
gdt_fill(struct arch_cpu *arch)
{
	uint64_t tss = (uint64_t)&arch->tss;

	arch->gdt[KERNEL_CS / 8] = 0x00af9b000000ffff;
	arch->gdt[KERNEL_DS / 8] = 0x00cf93000000ffff;
	arch->gdt[USER_DS / 8] = 0x00cff3000000ffff;
	arch->gdt[USER_CS / 8] = 0x00affb000000ffff;
	arch->gdt[TSS_SEL / 8] = 0x0000890000000000 |
	    (sizeof(arch->tss) - 1) | (tss & 0xffffff) << 16 |
	    (tss >> 24 & 0xff) << 56;
	arch->gdt[TSS_SEL / 8 + 1] = tss >> 32;
	arch->tss.io_map = sizeof(arch->tss);
}

void
descriptors_load(struct cpu *cpu)
{
	struct arch_cpu *arch = &cpu->arch;
	struct table_pointer gdtr = { sizeof(arch->gdt) - 1,
	    (uint64_t)arch->gdt };
	struct table_pointer idtr = { sizeof(idt) - 1, (uint64_t)idt };

	arch->self = cpu;
	xcpu_x86_wrmsr(MSR_GS_BASE, (uint64_t)cpu);
	if (cpu->index == 0)
		idt_fill();
	gdt_fill(arch);
	if (arch->tss.ist[0] == 0) {	/* or it was off in between */
		arch->tss.ist[0] = own_stack(cpu);
		arch->tss.ist[1] = own_stack(cpu);
	}
	__asm__ volatile("lgdt %0" : : "m"(gdtr));
	__asm__ volatile("lidt %0" : : "m"(idtr));
	__asm__ volatile("ltr %w0" : : "r"(TSS_SEL));
	/* boot.S runs on this CS already; DS, ES and SS stay null. */
	xcpu_x86_wrmsr(MSR_STAR, (uint64_t)KERNEL_CS << 32);
	xcpu_x86_wrmsr(MSR_LSTAR, (uint64_t)downcall_return);
	xcpu_x86_wrmsr(MSR_SFMASK, XCPU_X86_FLAG_IF);
}
