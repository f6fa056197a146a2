/* SPDX-License-Identifier: BSD-2-Clause */
/* tree.c: the bytes of a device tree, of version 17. */
#include "tree.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define BEGIN		1
#define END		2
#define PROPERTY	3
#define FINISHED	9
#define STRINGS_AT	(HEADER_WORDS * 4 + 16)	/* behind an empty list */

void
tree_init(struct tree *tree)
{
	memset(tree, 0, sizeof(*tree));
}

static void
put(uint8_t *at, uint32_t word)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(word >> (24 - 8 * i));
}

void
tree_word(struct tree *tree, uint32_t word)
{
	assert_true(tree->nodes_len + 4 <= sizeof(tree->nodes));
	put(tree->nodes + tree->nodes_len, word);
	tree->nodes_len += 4;
}

static void
add_bytes(struct tree *tree, const void *bytes, uint32_t len)
{
	assert_true(tree->nodes_len + len + 4 <= sizeof(tree->nodes));
	if (len > 0)
		memcpy(tree->nodes + tree->nodes_len, bytes, len);
	tree->nodes_len += (len + 3) / 4 * 4;
}

void
tree_begin(struct tree *tree, const char *name)
{
	tree_word(tree, BEGIN);
	add_bytes(tree, name, (uint32_t)strlen(name) + 1);
}

void
tree_end(struct tree *tree)
{
	tree_word(tree, END);
}

void
tree_property(struct tree *tree, const char *name, const void *value,
    uint32_t len)
{
	uint32_t name_len = (uint32_t)strlen(name) + 1;

	tree_word(tree, PROPERTY);
	tree_word(tree, len);
	tree_word(tree, tree->strings_len);
	add_bytes(tree, value, len);
	assert_true(tree->strings_len + name_len <= sizeof(tree->strings));
	memcpy(tree->strings + tree->strings_len, name, name_len);
	tree->strings_len += name_len;
}

void
tree_text(struct tree *tree, const char *name, const char *text)
{
	tree_property(tree, name, text, (uint32_t)strlen(text) + 1);
}

void
tree_cells(struct tree *tree, const char *name, unsigned n, ...)
{
	uint8_t value[64];
	va_list args;

	assert_true(n * 4 <= sizeof(value));
	va_start(args, n);
	for (unsigned i = 0; i < n; i++)
		put(value + 4 * i, va_arg(args, unsigned));
	va_end(args);
	tree_property(tree, name, value, n * 4);
}

void
tree_header(struct tree *tree, enum tree_header word, uint32_t value)
{
	put(tree->blob + word * 4, value);
}

/* The nodes are at a word, as all in them is. */
static uint32_t
nodes_at(const struct tree *tree)
{
	return STRINGS_AT + (tree->strings_len + 3) / 4 * 4;
}

uint8_t *
tree_finish(struct tree *tree)
{
	uint32_t at = nodes_at(tree);

	tree_word(tree, FINISHED);
	tree->blob = calloc(1, at + tree->nodes_len);
	assert_non_null(tree->blob);
	memcpy(tree->blob + STRINGS_AT, tree->strings, tree->strings_len);
	memcpy(tree->blob + at, tree->nodes, tree->nodes_len);
	tree_header(tree, HEADER_MAGIC, 0xd00dfeed);
	tree_header(tree, HEADER_TOTAL, at + tree->nodes_len);
	tree_header(tree, HEADER_NODES, at);
	tree_header(tree, HEADER_STRINGS, STRINGS_AT);
	tree_header(tree, HEADER_KEPT, HEADER_WORDS * 4);
	tree_header(tree, HEADER_VERSION, 17);
	tree_header(tree, HEADER_COMPATIBLE, 16);
	tree_header(tree, HEADER_STRINGS_LEN, tree->strings_len);
	tree_header(tree, HEADER_NODES_LEN, tree->nodes_len);
	return tree->blob;
}

void
tree_cut(struct tree *tree, uint32_t nodes_len)
{
	uint32_t total = nodes_at(tree) + nodes_len;

	tree_header(tree, HEADER_TOTAL, total);
	tree_header(tree, HEADER_NODES_LEN, nodes_len);
	tree->blob = realloc(tree->blob, total);
	assert_non_null(tree->blob);
}

uint32_t
tree_total(const struct tree *tree)
{
	return nodes_at(tree) + tree->nodes_len;
}

void
tree_free(struct tree *tree)
{
	free(tree->blob);
	tree->blob = NULL;
}
