/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fdt.c: reads a flattened device tree.  Layout: the Devicetree Specification,
 * release v0.4, chapter 5.
 *
 * The tree is a row of big-endian words: a node begins, its properties, the
 * nodes below it, it ends.  Properties come before the nodes below, so that the
 * widths (#address-cells, #size-cells) of all parents are known at a node.
 *
 * Nothing in a tree is believed but its total size: offsets and lengths are held
 * against the block that they point into, and where one does not fit, the tree
 * ends.  What take() hands out is inside its block as a whole, and a name has
 * its NUL there.
 */
#include <stddef.h>

#include "fdt.h"

#define FDT_MAGIC	0xd00dfeed
#define FDT_VERSION	17
#define FDT_BEGIN	1
#define FDT_END		2
#define FDT_PROPERTY	3
#define FDT_NOP		4

/* Of the header, in bytes. */
#define AT_TOTAL	4
#define AT_NODES	8
#define AT_STRINGS	12
#define AT_VERSION	20
#define AT_COMPATIBLE	24
#define AT_STRINGS_LEN	32
#define AT_NODES_LEN	36

#define WORD		4		/* bytes; all tokens are made of words */
#define CELLS_MAX	4		/* words of an address, or of a size */

/* One token of the row. */
struct token {
	uint32_t kind;
	const char *name;		/* of a node, or of a property */
	const void *value;
	uint32_t len;
};

/* By bytes: what swaps them is not an instruction everywhere. */
uint32_t
fdt_word(const void *at)
{
	const uint8_t *byte = at;

	return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 |
	    (uint32_t)byte[2] << 8 | byte[3];
}

/* Of a longer number, the lower half. */
static uint64_t
words(const uint8_t *at, unsigned n)
{
	uint64_t value = 0;

	for (; n > 0; n--, at += WORD)
		value = value << 32 | fdt_word(at);
	return value;
}

bool
fdt_same(const char *a, const char *b)
{
	for (; *a == *b && *a != '\0'; a++)
		b++;
	return *a == *b;
}

/* Bytes of the text in these `room` bytes, its NUL included; 0: it has none. */
static uint32_t
text_bytes(const void *text, uint64_t room)
{
	const char *c = text;
	uint32_t n;

	for (n = 0; n < room; n++) {
		if (c[n] == '\0')
			return n + 1;
	}
	return 0;
}

/* ------------------------------------------------------------------ */
/* The row of tokens.                                                  */

/* Behind something of that length; both ends of the row are whole words. */
static const uint8_t *
behind(const uint8_t *at, uint32_t len)
{
	return at + (len + WORD - 1) / WORD * WORD;
}

static const uint8_t *
take_node(const struct fdt *fdt, const uint8_t *at, struct token *token)
{
	uint32_t len = text_bytes(at, (uint64_t)(fdt->end - at));

	token->name = (const char *)at;
	return len != 0 ? behind(at, len) : NULL;
}

static const uint8_t *
take_property(const struct fdt *fdt, const uint8_t *at, struct token *token)
{
	uint32_t name;

	if (fdt->end - at < 2 * WORD)
		return NULL;
	token->len = fdt_word(at);
	name = fdt_word(at + WORD);
	at += 2 * WORD;
	if (token->len > fdt->end - at || name >= fdt->strings_len)
		return NULL;
	token->name = fdt->strings + name;
	token->value = at;
	return behind(at, token->len);
}

/* Takes the token at `at`; returns the place behind it, NULL at the end. */
static const uint8_t *
take(const struct fdt *fdt, const uint8_t *at, struct token *token)
{
	if (at == fdt->end)
		return NULL;
	*token = (struct token){ .kind = fdt_word(at) };
	at += WORD;
	switch (token->kind) {
	case FDT_BEGIN:
		return take_node(fdt, at, token);
	case FDT_PROPERTY:
		return take_property(fdt, at, token);
	case FDT_END:
	case FDT_NOP:
		return at;
	default:
		return NULL;
	}
}

/* A block that the header names lies within the tree. */
static bool
inside(const uint8_t *tree, unsigned at_start, unsigned at_len)
{
	uint64_t end = (uint64_t)fdt_word(tree + at_start) +
	    fdt_word(tree + at_len);

	return end <= fdt_word(tree + AT_TOTAL);
}

bool
fdt_open(struct fdt *fdt, const void *tree)
{
	const uint8_t *base = tree;
	uint32_t nodes, nodes_len;

	if (fdt_word(base) != FDT_MAGIC ||
	    fdt_word(base + AT_VERSION) < FDT_VERSION ||
	    fdt_word(base + AT_COMPATIBLE) > FDT_VERSION ||
	    !inside(base, AT_NODES, AT_NODES_LEN) ||
	    !inside(base, AT_STRINGS, AT_STRINGS_LEN))
		return false;
	nodes = fdt_word(base + AT_NODES);
	nodes_len = fdt_word(base + AT_NODES_LEN);
	*fdt = (struct fdt){
		.strings = (const char *)base + fdt_word(base + AT_STRINGS),
		.strings_len = fdt_word(base + AT_STRINGS_LEN),
		.next = base + nodes,
		.end = base + nodes + nodes_len,
		.depth = -1,
	};
	/* So that every name that begins in the block ends there. */
	if (fdt->strings_len > 0 && fdt->strings[fdt->strings_len - 1] != '\0')
		return false;
	return nodes_len % WORD == 0;
}

/* ------------------------------------------------------------------ */
/* Nodes and their properties.                                         */

static uint8_t
cells(const struct fdt *fdt, const char *name, uint8_t unsaid)
{
	uint32_t len;
	const void *value = fdt_value(fdt, name, &len);

	if (len != WORD)
		return unsaid;
	return fdt_word(value) <= CELLS_MAX ? fdt_word(value) : UINT8_MAX;
}

bool
fdt_next(struct fdt *fdt)
{
	struct token token;
	const uint8_t *at = fdt->next;

	while ((at = take(fdt, at, &token)) != NULL) {	/* ends: `at` grows */
		if (token.kind == FDT_END && fdt->depth-- < 0)
			break;
		if (token.kind != FDT_BEGIN)
			continue;
		fdt->depth++;
		if (fdt->depth >= FDT_DEPTH_MAX)
			continue;
		fdt->next = at;
		fdt->name = token.name;
		fdt->address_cells[fdt->depth] =
		    cells(fdt, "#address-cells", 2);
		fdt->size_cells[fdt->depth] = cells(fdt, "#size-cells", 1);
		return true;
	}
	return false;
}

const void *
fdt_value(const struct fdt *fdt, const char *name, uint32_t *len)
{
	struct token token;
	const uint8_t *at = fdt->next;

	*len = 0;
	while ((at = take(fdt, at, &token)) != NULL) {	/* ends: `at` grows */
		if (token.kind == FDT_BEGIN || token.kind == FDT_END)
			return NULL;
		if (token.kind != FDT_PROPERTY || !fdt_same(token.name, name))
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

	return len == WORD || len == 2 * WORD ? words(value, len / WORD) : 0;
}

const char *
fdt_text(const struct fdt *fdt, const char *name)
{
	uint32_t len;
	const char *value = fdt_value(fdt, name, &len);

	return text_bytes(value, len) != 0 ? value : NULL;
}

bool
fdt_has(const struct fdt *fdt, const char *name, const char *text)
{
	uint32_t len, n;
	const char *value = fdt_value(fdt, name, &len);

	while ((n = text_bytes(value, len)) != 0) {	/* ends: len falls */
		if (fdt_same(value, text))
			return true;
		value += n;
		len -= n;
	}
	return false;
}

bool
fdt_reg(const struct fdt *fdt, unsigned n, uint64_t *address, uint64_t *size)
{
	uint32_t len;
	const uint8_t *reg = fdt_value(fdt, "reg", &len);
	unsigned of_address, of_size;
	uint64_t at, entry;

	if (fdt->depth < 1)
		return false;
	of_address = fdt->address_cells[fdt->depth - 1];
	of_size = fdt->size_cells[fdt->depth - 1];
	/* Of no words nothing can be read, and there is no end to it. */
	if (of_address == 0 || of_address > CELLS_MAX || of_size > CELLS_MAX)
		return false;
	entry = (of_address + of_size) * WORD;
	at = n * entry;
	if (at + entry > len)
		return false;
	*address = words(reg + at, of_address);
	*size = words(reg + at + of_address * WORD, of_size);
	return true;
}

uint32_t
fdt_total(const void *tree)
{
	return fdt_word((const uint8_t *)tree + AT_TOTAL);
}
