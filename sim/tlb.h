/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb.h: what the files of the TLBs know of each other.
 */
#ifndef XCPU_SIM_TLB_H
#define XCPU_SIM_TLB_H

#include "machine.h"

/* ---- tlb.c ---- */
/* Under which tag this CPU looks a space up: its own, if that is loaded. */
struct tlb_key tlb_key_of(const struct tlb *tlb, const struct sim_space *space);
struct tlb_entry *tlb_entry_find(struct tlb *tlb, struct tlb_key key,
    unsigned page);
/* Files it under the key, in the place of another if need be. */
void tlb_entry_fill(struct tlb *tlb, struct tlb_entry *entry,
    struct tlb_key key);
void tlb_entry_drop(struct tlb *tlb, struct tlb_key key, unsigned page);
bool tlb_table_find(const struct tlb *tlb, struct tlb_key key, unsigned page,
    struct tlb_table *found);
void tlb_table_fill(struct tlb *tlb, struct tlb_table *table,
    struct tlb_key key);
/* The pages that a request is about. */
void tlb_range_of(const struct xcpu_flush *request, unsigned *first,
    unsigned *npages);
/* By a flush: a page, all pages, what the request says of tables. */
void tlb_page_flush(struct tlb *tlb, struct tlb_key key, unsigned page);
void tlb_drop_entries(struct tlb *tlb, struct tlb_key key);
void tlb_drop_tables(struct tlb *tlb, struct tlb_key key,
    const struct xcpu_flush *request, unsigned first, unsigned npages);
/* Everything under a tag, as a root is loaded with it. */
void tlb_drop_tag(struct sim_cpu *cpu, struct tlb_key key);

/* ---- tlb_store.c ---- */
/* It happens later than its translation, but in order. */
void tlb_store_begin(struct sim_cpu *cpu, const struct tlb_entry *by);
/* A flush did not wait for these: they happen when they like. */
void tlb_stores_escape(struct tlb *tlb);

#endif /* XCPU_SIM_TLB_H */
