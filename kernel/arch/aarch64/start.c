/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c: the first C of the boot CPU.  It copies what the device tree says
 * (memory, command line, module), and goes on in main.c.
 */
#include "arm.h"

extern char image_end[];

void boot_main(uint64_t fdt_phys);

void
boot_main(uint64_t fdt_phys)
{
	static struct boot_info boot;

	cpu_init_first();
	console_init();
	fdt_boot(fdt_phys, virt_to_phys(image_end), &boot);
	if (boot.ram_end > (uint64_t)BOOT_GIB << 30) {
		boot.ram_end = (uint64_t)BOOT_GIB << 30;
		if (boot.free_end > boot.ram_end)
			boot.free_end = boot.ram_end;
	}
	kernel_main(&boot);
}
