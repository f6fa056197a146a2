/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pvh.c: what QEMU says that booted the kernel by -kernel.  Layout: Xen's
 * public document "x86/HVM direct boot ABI".
 */
#include "loader.h"

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

void
pvh_read(uint64_t start_info, struct boot_info *boot)
{
	const struct start_info *start = phys_to_virt(start_info);
	const struct start_memory *map;
	uint32_t i;

	if (start->magic != START_MAGIC || start->version < 1)
		panic("the loader left no PVH start_info with a memory map");
	if (start->command_line != 0)
		boot_command_line(boot, phys_to_virt(start->command_line));
	if (start->modules != 0) {
		const struct start_module *module =
		    phys_to_virt(start->module_list);

		boot->module_phys = module->address;
		boot->module_len = module->len_bytes;
	}
	boot->firmware_table = start->rsdp;
	map = phys_to_virt(start->memory_map);
	for (i = 0; i < start->memory_entries; i++) {
		if (map[i].type == MEM_RAM)
			loader_memory(boot, map[i].address, map[i].len_bytes);
	}
}
