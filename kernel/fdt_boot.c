/* SPDX-License-Identifier: BSD-2-Clause */
/* fdt_boot.c: what the kernel asks of a device tree. */
#include "fdt.h"
#include "kernel.h"

static void
open_or_panic(struct fdt *fdt, uint64_t phys)
{
	if (!fdt_open(fdt, phys_to_virt(phys)))
		panic("the loader left no device tree at %lx", phys);
}

static void
read_chosen(const struct fdt *fdt, struct boot_info *boot)
{
	const char *text = fdt_text(fdt, "bootargs");
	uint64_t start = fdt_number(fdt, "linux,initrd-start");
	uint64_t end = fdt_number(fdt, "linux,initrd-end");

	if (text != NULL)
		boot_command_line(boot, text);
	if (end <= start)
		return;
	boot->module_phys = start;
	boot->module_len = end - start;
}

static void
read_memory(const struct fdt *fdt, uint64_t image_end, struct boot_info *boot)
{
	uint64_t start, len;
	unsigned i;

	/* ends: with the property, which has room for so many */
	for (i = 0; fdt_reg(fdt, i, &start, &len); i++) {
		if (image_end < start || image_end - start >= len ||
		    len > UINT64_MAX - start)
			continue;
		boot->ram_start = start;
		boot->ram_end = start + len;
		boot->free_start = image_end;
		boot->free_end = start + len;
	}
}

void
fdt_boot(uint64_t fdt_phys, uint64_t image_end, struct boot_info *boot)
{
	struct fdt fdt;

	open_or_panic(&fdt, fdt_phys);
	while (fdt_next(&fdt)) {	/* ends: with the tree */
		if (fdt.depth == 1 && fdt_same(fdt.name, "chosen"))
			read_chosen(&fdt, boot);
		if (fdt_has(&fdt, "device_type", "memory"))
			read_memory(&fdt, image_end, boot);
	}
	if (boot->free_end == 0)
		panic("no memory behind the kernel image");
	boot->firmware_table = fdt_phys;
	boot_keep(boot, fdt_phys, fdt_total(phys_to_virt(fdt_phys)));
	boot_keep(boot, boot->module_phys, boot->module_len);
}

unsigned
fdt_cpus(uint64_t fdt_phys, uint64_t *ids, unsigned room)
{
	struct fdt fdt;
	uint64_t id, none;
	unsigned n = 0;

	open_or_panic(&fdt, fdt_phys);
	while (fdt_next(&fdt)) {	/* ends: with the tree */
		if (!fdt_has(&fdt, "device_type", "cpu") ||
		    fdt_has(&fdt, "status", "disabled") ||
		    !fdt_reg(&fdt, 0, &id, &none))
			continue;
		if (n < room)
			ids[n] = id;
		n++;
	}
	return n;
}
