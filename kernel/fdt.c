/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdt.c: reads a flattened device tree.  Layout: the Devicetree Specification,
 * release v0.4, chapter 5.
 *
 * The tree is a row of big-endian words: a node begins, its properties, the
 * nodes below it, it ends.  Properties come before the nodes below, so that the
 * widths (#address-cells, #size-cells) of all parents are known at a node.
 */
#include "fdt.h"
#include "kernel.h"

#define FDT_MAGIC	0xd00dfeed
#define FDT_BEGIN	1
#define FDT_END		2
#define FDT_PROPERTY	3
#define FDT_NOP		4

/* Of the header, in bytes. */
#define AT_TOTAL	4
#define AT_NODES	8
#define AT_STRINGS	12
#define AT_NODES_LEN	36

/* One token of the row. */
struct token {
	uint32_t kind;
	const char *name;		/* of a node, or of a property */
	const void *value;
	uint32_t len;
};

static uint32_t
word(const void *at)
{
	return __builtin_bswap32(*(const uint32_t *)at);
}

static uint64_t
words(const void *at, unsigned n)
{
	const uint32_t *from = at;
	uint64_t value = 0;

	for (; n > 0; n--)
		value = value << 32 | word(from++);
	return value;
}

static bool
same(const char *a, const char *b)
{
	for (; *a == *b && *a != '\0'; a++)
		b++;
	return *a == *b;
}

static uint32_t
length(const char *text)
{
	uint32_t len = 0;

	while (text[len] != '\0')
		len++;
	return len;
}

/* Takes the token at `at`; returns the place behind it, NULL at the end. */
static const uint8_t *
take(const struct fdt *fdt, const uint8_t *at, struct token *token)
{
	uint32_t len = 0;

	if (at >= fdt->end)
		return NULL;
	token->kind = word(at);
	at += 4;
	if (token->kind == FDT_BEGIN) {
		token->name = (const char *)at;
		len = length(token->name) + 1;
	} else if (token->kind == FDT_PROPERTY) {
		len = token->len = word(at);
		token->name = (const char *)fdt->strings + word(at + 4);
		at += 8;
		token->value = at;
	} else if (token->kind != FDT_END && token->kind != FDT_NOP) {
		return NULL;
	}
	return at + (len + 3) / 4 * 4;
}

bool
fdt_open(struct fdt *fdt, const void *blob)
{
	const uint8_t *base = blob;

	if (word(base) != FDT_MAGIC)
		return false;
	*fdt = (struct fdt){
		.strings = base + word(base + AT_STRINGS),
		.next = base + word(base + AT_NODES),
		.depth = -1,
	};
	fdt->end = fdt->next + word(base + AT_NODES_LEN);
	return true;
}

static unsigned
cells(const struct fdt *fdt, const char *name, unsigned unsaid)
{
	uint32_t len;
	const void *value = fdt_value(fdt, name, &len);

	return value != NULL && len == 4 ? word(value) : unsaid;
}

bool
fdt_next(struct fdt *fdt)
{
	struct token token;
	const uint8_t *at = fdt->next;

	while ((at = take(fdt, at, &token)) != NULL) {	/* ends: `at` grows */
		if (token.kind == FDT_END)
			fdt->depth--;
		if (token.kind != FDT_BEGIN)
			continue;
		fdt->depth++;
		if (fdt->depth >= FDT_DEPTH_MAX)
			continue;
		fdt->next = at;
		fdt->name = token.name;
		fdt->address_cells[fdt->depth] =
		    (uint8_t)cells(fdt, "#address-cells", 2);
		fdt->size_cells[fdt->depth] =
		    (uint8_t)cells(fdt, "#size-cells", 1);
		return true;
	}
	return false;
}

const void *
fdt_value(const struct fdt *fdt, const char *name, uint32_t *len)
{
	struct token token;
	const uint8_t *at = fdt->next;

	while ((at = take(fdt, at, &token)) != NULL) {	/* ends: `at` grows */
		if (token.kind == FDT_BEGIN || token.kind == FDT_END)
			return NULL;
		if (token.kind != FDT_PROPERTY || !same(token.name, name))
			continue;
		*len = token.len;
		return token.value;
	}
	return NULL;
}

uint64_t
fdt_number(const struct fdt *fdt, const char *name)
{
	uint32_t len;
	const void *value = fdt_value(fdt, name, &len);

	return value != NULL ? words(value, len / 4) : 0;
}

bool
fdt_has(const struct fdt *fdt, const char *name, const char *text)
{
	uint32_t len;
	const char *value = fdt_value(fdt, name, &len);
	const char *end = value + len;

	for (; value != NULL && value < end; value += length(value) + 1) {
		if (same(value, text))
			return true;
	}
	return false;
}

bool
fdt_reg(const struct fdt *fdt, unsigned n, uint64_t *address, uint64_t *size)
{
	uint32_t len;
	const uint8_t *reg = fdt_value(fdt, "reg", &len);
	unsigned of_address, of_size;

	if (reg == NULL || fdt->depth == 0)
		return false;
	of_address = fdt->address_cells[fdt->depth - 1];
	of_size = fdt->size_cells[fdt->depth - 1];
	if ((uint64_t)(n + 1) * (of_address + of_size) * 4 > len)
		return false;
	reg += n * (of_address + of_size) * 4;
	*address = words(reg, of_address);
	*size = words(reg + of_address * 4, of_size);
	return true;
}

/* ------------------------------------------------------------------ */
/* What the kernel asks.                                               */

static void
open_or_panic(struct fdt *fdt, uint64_t phys)
{
	if (!fdt_open(fdt, phys_to_virt(phys)))
		panic("the loader left no device tree at %lx", phys);
}

static void
read_chosen(const struct fdt *fdt, struct boot_info *boot)
{
	uint32_t len;
	const char *text = fdt_value(fdt, "bootargs", &len);

	if (text != NULL)
		boot_command_line(boot, text);
	boot->module_phys = fdt_number(fdt, "linux,initrd-start");
	boot->module_len = fdt_number(fdt, "linux,initrd-end") -
	    boot->module_phys;
}

static void
read_memory(const struct fdt *fdt, uint64_t image_end, struct boot_info *boot)
{
	uint64_t start, len;
	unsigned i;

	for (i = 0; fdt_reg(fdt, i, &start, &len); i++) {
		if (image_end < start || image_end - start >= len)
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
		if (fdt.depth == 1 && same(fdt.name, "chosen"))
			read_chosen(&fdt, boot);
		if (fdt_has(&fdt, "device_type", "memory"))
			read_memory(&fdt, image_end, boot);
	}
	if (boot->free_end == 0)
		panic("no memory behind the kernel image");
	boot->firmware_table = fdt_phys;
	boot_keep(boot, fdt_phys,
	    word((const uint8_t *)phys_to_virt(fdt_phys) + AT_TOTAL));
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
