/* SPDX-License-Identifier: BSD-2-Clause */
/* board.c: the usual tree, read in every way. */
#include "board.h"

#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "unit.h"

struct tree tree;

static jmp_buf panicked;

/* All that fdt_boot.c wants of the kernel besides boot.c. */
void
panic(const char *fmt, ...)
{
	(void)fmt;
	longjmp(panicked, 1);
}

static void
add_cpu(const char *name, unsigned id, const char *status)
{
	tree_begin(&tree, name);
	tree_text(&tree, "device_type", "cpu");
	tree_cells(&tree, "reg", 1, id);
	if (status != NULL)
		tree_text(&tree, "status", status);
	tree_end(&tree);
}

static void
add_cpus(void)
{
	tree_begin(&tree, "cpus");
	tree_cells(&tree, "#address-cells", 1, 1);
	tree_cells(&tree, "#size-cells", 1, 0);
	add_cpu("cpu@7", 7, NULL);
	add_cpu("cpu@2", 2, "disabled");
	add_cpu("cpu@30", 0x30, "okay");
	tree_end(&tree);
}

void
machine_begin(void)
{
	static const char list[] = "arm,gic-v3\0arm,cortex-a15-gic";

	tree_init(&tree);
	tree_begin(&tree, "");
	tree_cells(&tree, "#address-cells", 1, 2);
	tree_cells(&tree, "#size-cells", 1, 2);
	tree_begin(&tree, "chosen");
	tree_text(&tree, "bootargs", "work=all");
	tree_cells(&tree, "linux,initrd-start", 1, 0x9000);
	tree_cells(&tree, "linux,initrd-end", 2, 0, 0x9800);
	tree_end(&tree);
	tree_word(&tree, 4);	/* nothing */
	add_cpus();
	tree_begin(&tree, "memory@4000");
	tree_text(&tree, "device_type", "memory");
	tree_cells(&tree, "reg", 8, 1, 0, 0, 0x1000, 0, 0x4000, 0, 0xc000);
	tree_end(&tree);
	tree_begin(&tree, "intc@0");
	tree_property(&tree, "compatible", list, sizeof(list));
	tree_end(&tree);
}

const void *
machine(void)
{
	machine_begin();
	tree_end(&tree);
	return tree_finish(&tree);
}

void
find(struct fdt *fdt, const char *name)
{
	assert_true(fdt_open(fdt, tree.blob));
	while (fdt_next(fdt)) {		/* ends: with the tree */
		if (strcmp(fdt->name, name) == 0)
			return;
	}
	fail_msg("no node %s", name);
}

unsigned
walk(void)
{
	static const char *names[] = { "reg", "compatible", "bootargs",
	    "device_type", "status", "linux,initrd-end", "#size-cells" };
	uint64_t address, size;
	unsigned i, n, nodes = 0;
	struct fdt fdt;
	uint32_t len;

	if (!fdt_open(&fdt, tree.blob))
		return 0;
	for (; fdt_next(&fdt); nodes++) {	/* ends: with the tree */
		assert_in_range(fdt.depth, 0, FDT_DEPTH_MAX - 1);
		(void)strlen(fdt.name);
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			const void *value = fdt_value(&fdt, names[i], &len);
			const char *text = fdt_text(&fdt, names[i]);

			if (value != NULL)
				free(memcpy(malloc(len + 1), value, len));
			if (text != NULL)
				(void)strlen(text);
			(void)fdt_number(&fdt, names[i]);
			(void)fdt_has(&fdt, names[i], "nobody");
		}
		for (n = 0; fdt_reg(&fdt, n, &address, &size); n++)
			assert_true(n < 4096);
	}
	assert_false(fdt_next(&fdt));
	return nodes;
}

bool
boots(uint64_t image_end, struct boot_info *boot)
{
	memset(boot, 0, sizeof(*boot));
	if (setjmp(panicked) != 0)
		return false;
	fdt_boot((uintptr_t)tree.blob, image_end, boot);
	return true;
}
