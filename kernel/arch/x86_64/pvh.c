/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pvh.c: the first C of the boot CPU.  It copies what the loader says (memory,
 * command line, module, ACPI's root) out of memory that will be reused, and
 * goes on in main.c.  Layout of the tables: Xen's public document "x86/HVM
 * direct boot ABI".
 */
#include "../../kernel.h"

#define START_MAGIC	0x336ec578
#define MEM_RAM		1

struct start_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list, command_line, rsdp;
	uint64_t memory_map;		/* from version 1 on */
	uint32_t memory_entries, reserved;
};

struct start_module {
	uint64_t address, len_bytes, command_line, reserved;
};

struct start_memory {
	uint64_t address, len_bytes;
	uint32_t type, reserved;
};

extern char image_end[];

void boot_main(uint64_t start_phys);

/* The memory behind the image; below it is all that the loader has left. */
static void
find_memory(struct boot_info *boot, const struct start_info *start)
{
	const struct start_memory *map = phys_to_virt(start->memory_map);
	uint64_t image = (uint64_t)image_end - IMAGE_BASE;
	unsigned i;

	for (i = 0; i < start->memory_entries; i++) {
		uint64_t end = map[i].address + map[i].len_bytes;

		if (map[i].type != MEM_RAM || map[i].address > image ||
		    end <= image)
			continue;
		boot->ram_end = end;
		boot->free_start = image;
		boot->free_end = end;
	}
	if (boot->free_end == 0)
		panic("no memory behind the kernel image");
	boot_keep(boot, boot->module_phys, boot->module_len);
}

void
boot_main(uint64_t start_phys)
{
	static struct boot_info boot;
	const struct start_info *start = phys_to_virt(start_phys);

	cpu_init_first();
	console_init();
	if (start->magic != START_MAGIC || start->version < 1)
		panic("the loader left no PVH start_info with a memory map");
	if (start->command_line != 0)
		boot_command_line(&boot, phys_to_virt(start->command_line));
	if (start->modules != 0) {
		const struct start_module *module =
		    phys_to_virt(start->module_list);

		boot.module_phys = module->address;
		boot.module_len = module->len_bytes;
	}
	boot.firmware_table = start->rsdp;
	find_memory(&boot, start);
	kernel_main(&boot);
}
