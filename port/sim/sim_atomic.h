/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_atomic.h: the library's memory accesses, handed to an engine.
 *
 * Both engines, the weak-memory explorer (explore/) and the simulated machine
 * (sim/), link the objects of src/ compiled with
 * -DXCPU_ATOMIC_HEADER='"sim_atomic.h"'.  Each access in the source is a site:
 * a record in a section of its own, so that an engine can list them, and so
 * that a mutant needs no build of its own: it lowers `order` of one site.
 */
#ifndef XCPU_SIM_ATOMIC_H
#define XCPU_SIM_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

enum sim_op {
	SIM_LOAD,
	SIM_STORE,
	SIM_XCHG,
	SIM_OR,
	SIM_AND,
	SIM_ADD,
	SIM_CAS,
	SIM_FENCE,
	SIM_OWN,
	SIM_PLAIN_LOAD,
	SIM_PLAIN_STORE
};

struct sim_site {
	const char *file;
	uint32_t line;
	uint8_t op;		/* enum sim_op */
	uint8_t size;		/* of the word, in bytes; 0: a fence */
	uint8_t written;	/* __ATOMIC_*, as the source says */
	uint8_t order;		/* what it counts as in this run */
	uint32_t hits;		/* for whoever wants to know what was reached */
	uint32_t mark;		/* an engine's own */
};

/* What a read-modify-write leaves where it found `old`. */
static inline uint64_t
sim_rmw_result(unsigned op, uint64_t old, uint64_t v)
{
	switch (op) {
	case SIM_OR:
		return old | v;
	case SIM_AND:
		return old & v;
	case SIM_ADD:
		return old + v;
	default:
		return v;
	}
}

/* All sites of the program, in no order; inline functions have several. */
extern struct sim_site __start_sim_sites[];
extern struct sim_site __stop_sim_sites[];

/* What an engine supplies.  Operands and results are the words, zero-extended. */
uint64_t sim_load(struct sim_site *site, const void *p);
void sim_store(struct sim_site *site, void *p, uint64_t v);
/* The word as it was; site->op says what to do with it. */
uint64_t sim_rmw(struct sim_site *site, void *p, uint64_t v);
/* True: *p was `expected`; *found is what was there. */
bool sim_cas(struct sim_site *site, void *p, uint64_t expected, uint64_t v,
    uint64_t *found);
void sim_fence(struct sim_site *site);
void sim_own(struct sim_site *site, const void *p);
uint64_t sim_plain_load(struct sim_site *site, const void *p);
void sim_plain_store(struct sim_site *site, void *p, uint64_t v);

#define SIM_SITE_(op, size, order, file, line)				\
	static struct sim_site site_						\
	    __attribute__((section("sim_sites"), aligned(8))) =		\
	    { file, line, op, size, order, order, 0, 0 }
#define SIM_TYPE_(p)	__typeof__(*(p) + 0)
#define SIM_WORD_(v)	((uint64_t)(uintptr_t)(v))
#define SIM_BACK_(p, v)	((SIM_TYPE_(p))(uintptr_t)(v))

#define XCPU_PRIM_LOAD(p, order, file, line) (__extension__ ({		\
	SIM_SITE_(SIM_LOAD, sizeof(*(p)), order, file, line);		\
	SIM_BACK_(p, sim_load(&site_, p)); }))
#define XCPU_PRIM_STORE(p, v, order, file, line) (__extension__ ({	\
	SIM_SITE_(SIM_STORE, sizeof(*(p)), order, file, line);		\
	sim_store(&site_, p, SIM_WORD_(v)); }))
#define SIM_RMW_(op, p, v, order, file, line) (__extension__ ({	\
	SIM_SITE_(op, sizeof(*(p)), order, file, line);			\
	SIM_BACK_(p, sim_rmw(&site_, p, SIM_WORD_(v))); }))
#define XCPU_PRIM_XCHG(p, v, order, file, line)				\
	SIM_RMW_(SIM_XCHG, p, v, order, file, line)
#define XCPU_PRIM_OR(p, v, order, file, line)				\
	SIM_RMW_(SIM_OR, p, v, order, file, line)
#define XCPU_PRIM_AND(p, v, order, file, line)				\
	SIM_RMW_(SIM_AND, p, v, order, file, line)
#define XCPU_PRIM_ADD(p, v, order, file, line)				\
	SIM_RMW_(SIM_ADD, p, v, order, file, line)
#define XCPU_PRIM_CAS(p, old, v, order, file, line) (__extension__ ({	\
	SIM_SITE_(SIM_CAS, sizeof(*(p)), order, file, line);		\
	__typeof__(old) old_ = (old);					\
	uint64_t found_;						\
	bool done_ = sim_cas(&site_, p, SIM_WORD_(*old_), SIM_WORD_(v),	\
	    &found_);							\
	if (!done_)							\
		*old_ = SIM_BACK_(p, found_);				\
	done_; }))
#define XCPU_PRIM_FENCE(order, file, line) (__extension__ ({		\
	SIM_SITE_(SIM_FENCE, 0, order, file, line);			\
	sim_fence(&site_); }))
#define XCPU_PRIM_OWN(p) (__extension__ ({				\
	SIM_SITE_(SIM_OWN, sizeof(*(p)), __ATOMIC_RELAXED, __FILE__, __LINE__); \
	sim_own(&site_, p); }))
#define XCPU_PRIM_PLAIN_LOAD(p, file, line) (__extension__ ({		\
	SIM_SITE_(SIM_PLAIN_LOAD, sizeof(*(p)), __ATOMIC_RELAXED, file, line); \
	SIM_BACK_(p, sim_plain_load(&site_, p)); }))
#define XCPU_PRIM_PLAIN_STORE(p, v, file, line) (__extension__ ({	\
	SIM_SITE_(SIM_PLAIN_STORE, sizeof(*(p)), __ATOMIC_RELAXED, file, line); \
	sim_plain_store(&site_, p, SIM_WORD_(v)); }))

#endif /* XCPU_SIM_ATOMIC_H */
