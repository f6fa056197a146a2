/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdt.h: the flattened device tree, by which firmware and loaders describe a
 * machine that has no ACPI.  Read in place; nothing is kept.  A tree that is
 * damaged ends where it can no longer be read, and nothing outside is touched.
 *
 *	struct fdt fdt;
 *
 *	if (fdt_open(&fdt, blob))
 *		while (fdt_next(&fdt))
 *			if (fdt_has(&fdt, "compatible", "arm,gic-v3"))
 *				fdt_reg(&fdt, 0, &address, &len);
 */
#ifndef XCPU_KERNEL_FDT_H
#define XCPU_KERNEL_FDT_H

#include <stdbool.h>
#include <stdint.h>

#define FDT_DEPTH_MAX	8	/* deeper nodes are passed over */

struct boot_info;

/* A place in a tree: one node. */
struct fdt {
	const char *strings;		/* the names of all properties */
	uint32_t strings_len;
	const uint8_t *end;		/* of the nodes */
	const uint8_t *next;		/* what comes behind this node's name */
	const char *name;		/* "cpu@3"; the root's is "" */
	int depth;			/* the root is at 0 */
	/* For reg below a node at this depth: words of an address, of a size. */
	uint8_t address_cells[FDT_DEPTH_MAX], size_cells[FDT_DEPTH_MAX];
};

/* False: no device tree is there.  Then fdt_next() goes to the root. */
bool fdt_open(struct fdt *fdt, const void *tree);

/* Its length as a whole, in bytes. */
uint32_t fdt_total(const void *tree);

/* To the next node, parents first; false: there is none. */
bool fdt_next(struct fdt *fdt);

/* A property of this node, big-endian; NULL, and *len 0: it has no such. */
const void *fdt_value(const struct fdt *fdt, const char *name, uint32_t *len);

/* The same where it is a number, of one word or two; 0: it has none. */
uint64_t fdt_number(const struct fdt *fdt, const char *name);

/* The same where it is a text, with its NUL; NULL: it has none. */
const char *fdt_text(const struct fdt *fdt, const char *name);

/* One big-endian word, of a value that has several. */
uint32_t fdt_word(const void *at);

/* Whether a property is a list of texts with this one in it. */
bool fdt_has(const struct fdt *fdt, const char *name, const char *text);

/* Whether two texts are the same. */
bool fdt_same(const char *a, const char *b);

/* The n-th address, and size, of this node's reg; false: it has not so many. */
bool fdt_reg(const struct fdt *fdt, unsigned n, uint64_t *address,
    uint64_t *size);

/* ------------------------------------------------------------------ */
/* fdt_boot.c                                                          */

/*
 * What the tree says for the kernel as a whole: the command line, the module
 * (its initial RAM disk), and the memory that the image is in, of which what is
 * free lies behind the image and has neither tree nor module in it.
 */
void fdt_boot(uint64_t fdt_phys, uint64_t image_end, struct boot_info *boot);

/*
 * The hardware ids (reg) of all CPUs that are not disabled, in the tree's order;
 * returns how many there are, which may be more than there is room for.
 */
unsigned fdt_cpus(uint64_t fdt_phys, uint64_t *ids, unsigned room);

#endif /* XCPU_KERNEL_FDT_H */
