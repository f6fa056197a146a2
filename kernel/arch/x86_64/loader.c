/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loader.c: the first C of the boot CPU.  What the loader says (memory, command
 * line, module, ACPI's root) is copied out of memory that will be reused; then
 * it goes on in main.c.
 */
#include "loader.h"

/*
 * Memory above this is left alone, and memory that begins where boot.S maps
 * nothing cannot be the first: the tables that map all of it are built in what
 * boot.S has mapped.
 */
#define MEMORY_TOP	(UINT64_C(2) << 30)
#define MEMORY_FIRST	(BOOT_BYTES / 2)

extern char image_end[];

void boot_main(uint64_t info_phys, uint32_t magic);

/* A stretch of memory: the largest one is kept, of what lies behind the image. */
void
loader_memory(struct boot_info *boot, uint64_t start, uint64_t len_bytes)
{
	uint64_t end = start + len_bytes;
	uint64_t image = (uint64_t)image_end - IMAGE_BASE;

	if (start < image)
		start = image;
	if (end > MEMORY_TOP)
		end = MEMORY_TOP;
	if (start >= MEMORY_FIRST || end <= start ||
	    end - start <= boot->free_end - boot->free_start)
		return;
	boot->free_start = start;
	boot->free_end = end;
}

void
boot_main(uint64_t info_phys, uint32_t magic)
{
	static struct boot_info boot;

	cpu_init_first();
	console_init();
	if (magic == MULTIBOOT2_MAGIC)
		multiboot2_read(&boot);
	else
		pvh_read(info_phys, &boot);
	if (boot.free_end == 0)
		panic("no memory behind the kernel image");
	boot.ram_end = boot.free_end;
	if (boot.ram_end < boot.module_phys + boot.module_len)
		boot.ram_end = boot.module_phys + boot.module_len;
	boot_keep(&boot, boot.module_phys, boot.module_len);
	kernel_main(&boot);
}
