/* SPDX-License-Identifier: BSD-2-Clause */
/* fdt_test.c: what the kernel reads out of a device tree. */
#include "unit.h"

#include "kernel.h"
#include "board.h"

static void
fdt_nodes_in_order(void **state)
{
	static const struct {
		const char *name;
		int depth;
	} want[BOARD_NODES] = {
		{ "", 0 }, { "chosen", 1 }, { "cpus", 1 }, { "cpu@7", 2 },
		{ "cpu@2", 2 }, { "cpu@30", 2 }, { "memory@4000", 1 },
		{ "intc@0", 1 },
	};
	uint64_t address, size;
	struct fdt fdt;

	(void)state;
	assert_true(fdt_open(&fdt, machine()));
	assert_false(fdt_reg(&fdt, 0, &address, &size));	/* at no node */
	assert_int_equal(fdt_total(tree.blob), tree_total(&tree));
	for (unsigned i = 0; i < BOARD_NODES; i++) {
		assert_true(fdt_next(&fdt));
		assert_string_equal(fdt.name, want[i].name);
		assert_int_equal(fdt.depth, want[i].depth);
	}
	assert_false(fdt_next(&fdt));
	assert_int_equal(walk(), BOARD_NODES);
	tree_free(&tree);
}

static void
fdt_properties(void **state)
{
	struct fdt fdt;
	uint32_t len;

	(void)state;
	machine();
	find(&fdt, "chosen");
	assert_string_equal(fdt_text(&fdt, "bootargs"), "work=all");
	assert_int_equal(fdt_number(&fdt, "linux,initrd-start"), 0x9000);
	assert_int_equal(fdt_number(&fdt, "linux,initrd-end"), 0x9800);
	assert_int_equal(fdt_number(&fdt, "bootargs"), 0);	/* 9 bytes */
	assert_null(fdt_value(&fdt, "boot", &len));
	assert_int_equal(len, 0);
	assert_null(fdt_value(&fdt, "device_type", &len));	/* another's */
	find(&fdt, "intc@0");
	assert_true(fdt_has(&fdt, "compatible", "arm,gic-v3"));
	assert_true(fdt_has(&fdt, "compatible", "arm,cortex-a15-gic"));
	assert_false(fdt_has(&fdt, "compatible", "arm,gic"));
	assert_false(fdt_has(&fdt, "compatible", "arm,gic-v3-its"));
	assert_false(fdt_has(&fdt, "status", "okay"));
	tree_free(&tree);
}

static void
fdt_reg_by_the_parents_cells(void **state)
{
	uint64_t address = 0, size = 1;
	struct fdt fdt;

	(void)state;
	machine();
	find(&fdt, "memory@4000");
	assert_true(fdt_reg(&fdt, 0, &address, &size));
	assert_int_equal(address, UINT64_C(0x100000000));
	assert_int_equal(size, 0x1000);
	assert_true(fdt_reg(&fdt, 1, &address, &size));
	assert_int_equal(address, 0x4000);
	assert_int_equal(size, 0xc000);
	assert_false(fdt_reg(&fdt, 2, &address, &size));
	assert_false(fdt_reg(&fdt, UINT32_MAX, &address, &size));
	find(&fdt, "cpu@30");
	assert_true(fdt_reg(&fdt, 0, &address, &size));
	assert_int_equal(address, 0x30);
	assert_int_equal(size, 0);
	find(&fdt, "");
	assert_false(fdt_reg(&fdt, 0, &address, &size));
	tree_free(&tree);
}

static void
fdt_boot_reads_the_machine(void **state)
{
	struct boot_info boot = { .module_phys = 0 };
	uint64_t ids[2];

	(void)state;
	machine();
	fdt_boot((uintptr_t)tree.blob, 0x5000, &boot);
	assert_string_equal(boot.command_line, "work=all");
	assert_int_equal(boot.module_phys, 0x9000);
	assert_int_equal(boot.module_len, 0x800);
	assert_int_equal(boot.ram_start, 0x4000);
	assert_int_equal(boot.ram_end, 0x10000);
	assert_int_equal(boot.free_start, 0x9800);	/* the larger part */
	assert_int_equal(boot.free_end, 0x10000);
	assert_int_equal(fdt_cpus((uintptr_t)tree.blob, ids, 2), 2);
	assert_int_equal(ids[0], 7);
	assert_int_equal(ids[1], 0x30);
	ids[1] = 0;
	assert_int_equal(fdt_cpus((uintptr_t)tree.blob, ids, 1), 2);
	assert_int_equal(ids[1], 0);
	tree_free(&tree);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		UNIT_PLAIN(fdt_nodes_in_order),
		UNIT_PLAIN(fdt_properties),
		UNIT_PLAIN(fdt_reg_by_the_parents_cells),
		UNIT_PLAIN(fdt_boot_reads_the_machine),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
