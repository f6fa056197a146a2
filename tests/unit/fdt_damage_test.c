/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdt_damage_test.c: device trees that are damaged: what can still be read is,
 * it ends, and no read goes outside (by the sanitizers).
 */
#include "unit.h"

#include <string.h>

#include "kernel.h"
#include "board.h"

#define FLIPS	20000

static void
fdt_header_refused(void **state)
{
	static const struct {
		enum tree_header word;
		uint32_t value;
	} bad[] = {
		{ HEADER_MAGIC, 0xd00dfeee }, { HEADER_TOTAL, 39 },
		{ HEADER_VERSION, 16 }, { HEADER_COMPATIBLE, 18 },
		{ HEADER_NODES, 0x10000 }, { HEADER_NODES, UINT32_MAX },
		{ HEADER_NODES_LEN, 0x10000 }, { HEADER_NODES_LEN, 6 },
		{ HEADER_NODES_LEN, UINT32_MAX }, { HEADER_STRINGS, 0x10000 },
		{ HEADER_STRINGS_LEN, UINT32_MAX }, { HEADER_STRINGS_LEN, 5 },
	};
	struct fdt fdt;

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		machine();
		tree_header(&tree, bad[i].word, bad[i].value);
		if (fdt_open(&fdt, tree.blob))
			fail_msg("word %u may be %x", bad[i].word, bad[i].value);
		tree_free(&tree);
	}
}

static void
fdt_cut_off_anywhere(void **state)
{
	unsigned nodes = 0;

	(void)state;
	machine();
	for (uint32_t len = tree.nodes_len; len > 0; len -= 4) {
		unsigned before = nodes;

		tree_cut(&tree, len - 4);
		nodes = walk();
		assert_true(nodes <= (before != 0 ? before : BOARD_NODES));
	}
	assert_int_equal(nodes, 0);
	tree_free(&tree);
}

/* A property that ends the tree, behind what was read before. */
static void
ends_the_tree(uint32_t len, uint32_t name)
{
	struct fdt fdt;

	machine_begin();
	tree_begin(&tree, "last");
	tree_text(&tree, "bootargs", "here");
	tree_word(&tree, 3);
	tree_word(&tree, len);
	tree_word(&tree, name);
	tree_begin(&tree, "behind");
	tree_end(&tree);
	tree_finish(&tree);
	find(&fdt, "last");
	assert_string_equal(fdt_text(&fdt, "bootargs"), "here");
	assert_null(fdt_text(&fdt, "status"));
	assert_false(fdt_next(&fdt));
	assert_int_equal(walk(), BOARD_NODES + 1);
	tree_free(&tree);
}

static void
fdt_property_longer_than_the_nodes(void **state)
{
	(void)state;
	ends_the_tree(0x1000, 0);
	ends_the_tree(INT32_MAX, 0);
	ends_the_tree(UINT32_MAX - 2, 0);
	ends_the_tree(UINT32_MAX, 0);
}

static void
fdt_property_name_outside(void **state)
{
	(void)state;
	ends_the_tree(0, sizeof(tree.strings));
	ends_the_tree(0, UINT32_MAX);
}

static void
fdt_name_without_end(void **state)
{
	(void)state;
	machine_begin();
	tree_begin(&tree, "abc");
	tree_finish(&tree);
	tree_cut(&tree, tree.nodes_len - 4);
	assert_int_equal(walk(), BOARD_NODES + 1);
	memcpy(tree.blob + tree_total(&tree) - 8, "abcd", 4);
	assert_int_equal(walk(), BOARD_NODES);
	tree_free(&tree);
}

static void
fdt_deeper_than_is_kept(void **state)
{
	struct fdt fdt;
	unsigned i;

	(void)state;
	machine_begin();
	for (i = 0; i < 100; i++)
		tree_begin(&tree, "deep");
	for (i = 0; i < 100; i++)
		tree_end(&tree);
	tree_begin(&tree, "behind");
	tree_end(&tree);
	tree_end(&tree);
	tree_finish(&tree);
	find(&fdt, "behind");
	assert_int_equal(fdt.depth, 1);
	assert_int_equal(walk(), BOARD_NODES + FDT_DEPTH_MAX - 1 + 1);
	tree_free(&tree);
}

static void
fdt_more_ends_than_nodes(void **state)
{
	struct fdt fdt;

	(void)state;
	tree_init(&tree);
	for (unsigned i = 0; i < 3; i++)
		tree_end(&tree);
	tree_begin(&tree, "behind");
	tree_end(&tree);
	tree_finish(&tree);
	assert_true(fdt_open(&fdt, tree.blob));
	assert_false(fdt_next(&fdt));
	assert_false(fdt_next(&fdt));
	tree_free(&tree);
}

/* The n-th of a reg of so many words, below a node with these widths. */
static bool
reads_reg(unsigned address_cells, unsigned size_cells, unsigned len, unsigned n)
{
	static const uint32_t reg[512];
	uint64_t address, size;
	struct fdt fdt;
	bool good;

	tree_init(&tree);
	tree_begin(&tree, "");
	tree_cells(&tree, "#address-cells", 1, address_cells);
	tree_cells(&tree, "#size-cells", 1, size_cells);
	tree_begin(&tree, "device");
	tree_property(&tree, "reg", reg, len * 4);
	tree_end(&tree);
	tree_end(&tree);
	tree_finish(&tree);
	find(&fdt, "device");
	good = fdt_reg(&fdt, n, &address, &size);
	assert_int_equal(walk(), 2);
	tree_free(&tree);
	return good;
}

static void
fdt_reg_of_odd_cells(void **state)
{
	(void)state;
	assert_true(reads_reg(2, 1, 5, 0));
	assert_false(reads_reg(2, 1, 5, 1));	/* two words of three */
	assert_true(reads_reg(1, 0, 5, 4));
	assert_false(reads_reg(1, 0, 5, 5));
	assert_true(reads_reg(3, 2, 5, 0));
	assert_false(reads_reg(4, 2, 5, 0));
	assert_false(reads_reg(2, 2, 4, 1u << 28));	/* 2^32 bytes away */
	assert_false(reads_reg(0, 1, 5, 0));
	assert_false(reads_reg(0, 0, 5, 0));	/* else there is no last one */
	assert_false(reads_reg(5, 0, 512, 0));
	assert_false(reads_reg(257, 0, 512, 0));	/* not 1 */
	assert_false(reads_reg(1, 5, 512, 0));
	assert_false(reads_reg(1, 256, 512, 0));
}

static void
fdt_cells_of_odd_length(void **state)
{
	uint64_t address, size;
	struct fdt fdt;

	(void)state;
	tree_init(&tree);
	tree_begin(&tree, "");
	tree_cells(&tree, "#address-cells", 2, 1, 1);
	tree_property(&tree, "#size-cells", NULL, 0);
	tree_begin(&tree, "device");
	tree_cells(&tree, "reg", 3, 1, 2, 3);
	tree_end(&tree);
	tree_end(&tree);
	tree_finish(&tree);
	find(&fdt, "device");
	assert_true(fdt_reg(&fdt, 0, &address, &size));	/* as if unsaid */
	assert_int_equal(address, UINT64_C(0x100000002));
	assert_int_equal(size, 3);
	tree_cut(&tree, 4 * (2 + 3 + 2 + 3));	/* the last word: its length */
	assert_int_equal(walk(), 1);
	tree_free(&tree);
}

static void
fdt_text_without_end(void **state)
{
	static const char list[] = { 'o', 'n', 'e', '\0', 't', 'w', 'o' };
	struct fdt fdt;

	(void)state;
	machine_begin();
	tree_begin(&tree, "texts");
	tree_property(&tree, "bootargs", "work=all", 8);
	tree_property(&tree, "status", NULL, 0);
	tree_property(&tree, "compatible", list, sizeof(list));
	tree_cells(&tree, "odd", 3, 1, 2, 3);
	tree_end(&tree);
	tree_finish(&tree);
	find(&fdt, "texts");
	assert_null(fdt_text(&fdt, "bootargs"));
	assert_null(fdt_text(&fdt, "status"));
	assert_false(fdt_has(&fdt, "bootargs", "work=all"));
	assert_true(fdt_has(&fdt, "compatible", "one"));
	assert_false(fdt_has(&fdt, "compatible", "two"));
	assert_int_equal(fdt_number(&fdt, "odd"), 0);
	tree_free(&tree);
}

static void
fdt_boot_without_memory(void **state)
{
	struct boot_info boot;

	(void)state;
	machine();
	assert_true(boots(0x5000, &boot));
	assert_false(boots(0x3fff, &boot));
	assert_false(boots(0x10000, &boot));
	tree_header(&tree, HEADER_MAGIC, 0);
	assert_false(boots(0x5000, &boot));
	tree_free(&tree);
}

/* A machine whose memory begins at 0x4000, and whose module at 0x9000. */
static bool
boots_odd(unsigned memory_high, unsigned memory_low, unsigned module_end,
    struct boot_info *boot)
{
	bool good;

	tree_init(&tree);
	tree_begin(&tree, "");
	tree_cells(&tree, "#size-cells", 1, 2);
	tree_begin(&tree, "chosen");
	tree_cells(&tree, "linux,initrd-start", 1, 0x9000);
	tree_cells(&tree, "linux,initrd-end", 1, module_end);
	tree_end(&tree);
	tree_begin(&tree, "memory");
	tree_text(&tree, "device_type", "memory");
	tree_cells(&tree, "reg", 4, 0, 0x4000, memory_high, memory_low);
	tree_end(&tree);
	tree_end(&tree);
	tree_finish(&tree);
	good = boots(0x5000, boot);
	tree_free(&tree);
	return good;
}

static void
fdt_boot_odd_ranges(void **state)
{
	struct boot_info boot;

	(void)state;
	assert_true(boots_odd(0, 0x10000, 0x9001, &boot));
	assert_int_equal(boot.module_len, 1);
	assert_true(boots_odd(0, 0x10000, 0x9000, &boot));
	assert_int_equal(boot.module_phys, 0);
	assert_int_equal(boot.module_len, 0);
	assert_true(boots_odd(0, 0x10000, 0x8fff, &boot));
	assert_int_equal(boot.module_len, 0);
	assert_true(boots_odd(UINT32_MAX, UINT32_MAX - 0x4000, 0, &boot));
	assert_int_equal(boot.ram_end, UINT64_MAX);
	assert_false(boots_odd(UINT32_MAX, UINT32_MAX, 0, &boot));
}

/* Wherever a byte is wrong: it ends, and reads nothing outside. */
static void
fdt_any_byte_wrong(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 3, 4, 9, 0x7f, 0x80, 0xff };
	uint64_t random = 1;
	struct boot_info boot;
	uint32_t total;

	(void)state;
	machine();
	total = tree_total(&tree);
	for (unsigned i = 0; i < FLIPS; i++) {
		uint32_t at = (uint32_t)(unit_random(&random) % total);
		uint8_t was = tree.blob[at];

		if (at / 4 == HEADER_TOTAL)
			continue;	/* of the tree only this is believed */
		tree.blob[at] = values[unit_random(&random) % sizeof(values)];
		(void)walk();
		(void)boots(0x5000, &boot);
		/* Some stay wrong, with others. */
		if (i % 4 != 0)
			tree.blob[at] = was;
		if (i % 64 == 0) {
			tree_free(&tree);
			machine();
		}
	}
	tree_free(&tree);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		UNIT_PLAIN(fdt_header_refused),
		UNIT_PLAIN(fdt_cut_off_anywhere),
		UNIT_PLAIN(fdt_property_longer_than_the_nodes),
		UNIT_PLAIN(fdt_property_name_outside),
		UNIT_PLAIN(fdt_name_without_end),
		UNIT_PLAIN(fdt_deeper_than_is_kept),
		UNIT_PLAIN(fdt_more_ends_than_nodes),
		UNIT_PLAIN(fdt_reg_of_odd_cells),
		UNIT_PLAIN(fdt_cells_of_odd_length),
		UNIT_PLAIN(fdt_text_without_end),
		UNIT_PLAIN(fdt_boot_without_memory),
		UNIT_PLAIN(fdt_boot_odd_ranges),
		UNIT_PLAIN(fdt_any_byte_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
