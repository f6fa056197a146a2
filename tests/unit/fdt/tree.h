/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.h: makes flattened device trees, right or damaged.
 *
 *	struct tree tree;
 *
 *	tree_init(&tree);
 *	tree_begin(&tree, "");
 *	tree_cells(&tree, "reg", 2, 0x1000, 0x100);
 *	tree_end(&tree);
 *	blob = tree_finish(&tree);
 *
 * The blob is on the heap, as long as its header says, and the nodes come last:
 * so the address sanitizer sees it when one byte behind them is read.
 */
#ifndef XCPU_TESTS_FDT_TREE_H
#define XCPU_TESTS_FDT_TREE_H

#include <stddef.h>
#include <stdint.h>

/* Of the header, in words. */
enum tree_header {
	HEADER_MAGIC, HEADER_TOTAL, HEADER_NODES, HEADER_STRINGS, HEADER_KEPT,
	HEADER_VERSION, HEADER_COMPATIBLE, HEADER_CPU, HEADER_STRINGS_LEN,
	HEADER_NODES_LEN, HEADER_WORDS
};

struct tree {
	uint8_t nodes[4096], strings[1024];
	uint32_t nodes_len, strings_len;
	uint8_t *blob;
};

void tree_init(struct tree *tree);
void tree_begin(struct tree *tree, const char *name);
void tree_end(struct tree *tree);
/* One word, as it is: a token. */
void tree_word(struct tree *tree, uint32_t word);
void tree_property(struct tree *tree, const char *name, const void *value,
    uint32_t len);
void tree_text(struct tree *tree, const char *name, const char *text);
/* A property of n words, which follow as unsigned. */
void tree_cells(struct tree *tree, const char *name, unsigned n, ...);

/* The blob; tree_free() when done with it. */
uint8_t *tree_finish(struct tree *tree);
void tree_free(struct tree *tree);

/* Of a finished tree, not cut: its bytes; a word of its header. */
uint32_t tree_total(const struct tree *tree);
void tree_header(struct tree *tree, enum tree_header word, uint32_t value);
/* Of its nodes these bytes are there, as its header says. */
void tree_cut(struct tree *tree, uint32_t nodes_len);

#endif /* XCPU_TESTS_FDT_TREE_H */
