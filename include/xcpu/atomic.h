/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * atomic.h: the only file that spells an atomic operation.
 *
 * Shared words are wrapper structs, so that a plain access does not compile.
 * The suffix of an accessor is its order: _rlx relaxed, _acq acquire, _rel
 * release, _ar both, _sc sequentially consistent.  The orders are those of C11.
 *
 * An engine that runs the library's own source under another memory model
 * replaces the primitives: -DXCPU_ATOMIC_HEADER='"its.h"' must define each
 * XCPU_PRIM_* below; each gets the address, the order, the file and the line.
 *
 * Only words of 32 and 64 bits: narrower read-modify-writes are library calls
 * on some machines.
 */
#ifndef XCPU_ATOMIC_H
#define XCPU_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#include <xcpu/config.h>

struct xcpu_au32 { uint32_t v_; };
struct xcpu_au64 { uint64_t v_; };
struct xcpu_aptr { void *v_; };

#ifdef XCPU_ATOMIC_HEADER
#include XCPU_ATOMIC_HEADER
#else
#define XCPU_PRIM_LOAD(p, order, file, line)	__atomic_load_n(p, order)
#define XCPU_PRIM_STORE(p, v, order, file, line) __atomic_store_n(p, v, order)
#define XCPU_PRIM_XCHG(p, v, order, file, line)	__atomic_exchange_n(p, v, order)
#define XCPU_PRIM_CAS(p, old, v, order, file, line)			\
	__atomic_compare_exchange_n(p, old, v, false, order,		\
	    (order) == __ATOMIC_ACQ_REL ? __ATOMIC_ACQUIRE :		\
	    (order) == __ATOMIC_RELEASE ? __ATOMIC_RELAXED : (order))
#define XCPU_PRIM_OR(p, v, order, file, line)	__atomic_fetch_or(p, v, order)
#define XCPU_PRIM_AND(p, v, order, file, line)	__atomic_fetch_and(p, v, order)
#define XCPU_PRIM_ADD(p, v, order, file, line)	__atomic_fetch_add(p, v, order)
#if defined(__SANITIZE_THREAD__)
/* ThreadSanitizer does not know stand-alone fences; a read-modify-write is one. */
#define XCPU_PRIM_FENCE(order, file, line) do {				\
	uint32_t fence_ = 0;						\
	(void)__atomic_fetch_add(&fence_, 1, order);			\
} while (0)
#else
#define XCPU_PRIM_FENCE(order, file, line)	__atomic_thread_fence(order)
#endif
#define XCPU_PRIM_OWN(p)			__builtin_prefetch(p, 1)
#define XCPU_PRIM_PLAIN_LOAD(p, file, line)	(*(p))
#define XCPU_PRIM_PLAIN_STORE(p, v, file, line)	((void)(*(p) = (v)))
#endif

#define xcpu_load_rlx(a)  XCPU_PRIM_LOAD(&(a)->v_, __ATOMIC_RELAXED, __FILE__, __LINE__)
#define xcpu_load_acq(a)  XCPU_PRIM_LOAD(&(a)->v_, __ATOMIC_ACQUIRE, __FILE__, __LINE__)

#define xcpu_store_rlx(a, v)						\
	XCPU_PRIM_STORE(&(a)->v_, v, __ATOMIC_RELAXED, __FILE__, __LINE__)
#define xcpu_store_rel(a, v)						\
	XCPU_PRIM_STORE(&(a)->v_, v, __ATOMIC_RELEASE, __FILE__, __LINE__)

#define xcpu_xchg_rlx(a, v)						\
	XCPU_PRIM_XCHG(&(a)->v_, v, __ATOMIC_RELAXED, __FILE__, __LINE__)
#define xcpu_xchg_acq(a, v)						\
	XCPU_PRIM_XCHG(&(a)->v_, v, __ATOMIC_ACQUIRE, __FILE__, __LINE__)

/* True when *a was *old and is v now; else *old is what was found. */
#define xcpu_cas_rlx(a, old, v)						\
	XCPU_PRIM_CAS(&(a)->v_, old, v, __ATOMIC_RELAXED, __FILE__, __LINE__)
#define xcpu_cas_acq(a, old, v)						\
	XCPU_PRIM_CAS(&(a)->v_, old, v, __ATOMIC_ACQUIRE, __FILE__, __LINE__)
#define xcpu_cas_rel(a, old, v)						\
	XCPU_PRIM_CAS(&(a)->v_, old, v, __ATOMIC_RELEASE, __FILE__, __LINE__)
#define xcpu_cas_ar(a, old, v)						\
	XCPU_PRIM_CAS(&(a)->v_, old, v, __ATOMIC_ACQ_REL, __FILE__, __LINE__)

#define xcpu_fetch_or_rlx(a, v)						\
	XCPU_PRIM_OR(&(a)->v_, v, __ATOMIC_RELAXED, __FILE__, __LINE__)
#define xcpu_fetch_or_acq(a, v)						\
	XCPU_PRIM_OR(&(a)->v_, v, __ATOMIC_ACQUIRE, __FILE__, __LINE__)
#define xcpu_fetch_or_rel(a, v)						\
	XCPU_PRIM_OR(&(a)->v_, v, __ATOMIC_RELEASE, __FILE__, __LINE__)
#define xcpu_fetch_or_ar(a, v)						\
	XCPU_PRIM_OR(&(a)->v_, v, __ATOMIC_ACQ_REL, __FILE__, __LINE__)

#define xcpu_fetch_and_rlx(a, v)					\
	XCPU_PRIM_AND(&(a)->v_, v, __ATOMIC_RELAXED, __FILE__, __LINE__)
#define xcpu_fetch_and_acq(a, v)					\
	XCPU_PRIM_AND(&(a)->v_, v, __ATOMIC_ACQUIRE, __FILE__, __LINE__)
#define xcpu_fetch_and_rel(a, v)					\
	XCPU_PRIM_AND(&(a)->v_, v, __ATOMIC_RELEASE, __FILE__, __LINE__)
#define xcpu_fetch_and_ar(a, v)						\
	XCPU_PRIM_AND(&(a)->v_, v, __ATOMIC_ACQ_REL, __FILE__, __LINE__)

#define xcpu_fetch_add_rlx(a, v)					\
	XCPU_PRIM_ADD(&(a)->v_, v, __ATOMIC_RELAXED, __FILE__, __LINE__)
#define xcpu_fetch_add_rel(a, v)					\
	XCPU_PRIM_ADD(&(a)->v_, v, __ATOMIC_RELEASE, __FILE__, __LINE__)
#define xcpu_fetch_add_ar(a, v)						\
	XCPU_PRIM_ADD(&(a)->v_, v, __ATOMIC_ACQ_REL, __FILE__, __LINE__)

#define xcpu_fence_ar()							\
	XCPU_PRIM_FENCE(__ATOMIC_ACQ_REL, __FILE__, __LINE__)
#define xcpu_fence_sc()							\
	XCPU_PRIM_FENCE(__ATOMIC_SEQ_CST, __FILE__, __LINE__)

/*
 * A hint: fetch the line as for a write, because one follows the next load.  It
 * says nothing about order.  On x86_64 it takes -mprfchw, or is a read's hint.
 */
#define xcpu_own(a)	XCPU_PRIM_OWN(&(a)->v_)

/* Shared fields whose accesses the protocol itself keeps apart. */
#define xcpu_plain_load(p)	XCPU_PRIM_PLAIN_LOAD(p, __FILE__, __LINE__)
#define xcpu_plain_store(p, v)	XCPU_PRIM_PLAIN_STORE(p, v, __FILE__, __LINE__)

#endif /* XCPU_ATOMIC_H */
