/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config.h: every option of the library, with what it costs.
 *
 * Precedence: command line, then the file named by XCPU_CONFIG_FILE, then the
 * default here.  Everything that includes xcpu must see the same values:
 * XCPU_CONFIG_HASH is compared between library and caller at init.
 */
#ifndef XCPU_CONFIG_H
#define XCPU_CONFIG_H

#ifdef XCPU_CONFIG_FILE
#include XCPU_CONFIG_FILE
#endif

#ifdef __cplusplus
#define XCPU_STATIC_ASSERT(cond, text) static_assert(cond, text)
#else
#define XCPU_STATIC_ASSERT(cond, text) _Static_assert(cond, text)
#endif

/*
 * Largest number of CPUs, 1 to 4096.  Each CPU block grows by 18 bits per CPU
 * (call slots and source bitmap), each space by one bit, and a cpuset on the
 * stack is XCPU_NCPU_MAX / 8 bytes.  Loops run over the CPUs given at init.
 */
#ifndef XCPU_NCPU_MAX
#define XCPU_NCPU_MAX 64
#endif
XCPU_STATIC_ASSERT(XCPU_NCPU_MAX >= 1 && XCPU_NCPU_MAX <= 4096,
    "XCPU_NCPU_MAX: 1 to 4096 CPUs");

/*
 * CPUs whose doorbells share one token line, 1 or 8.  Eight make a broadcast
 * cheap (one transaction reaches eight CPUs that share a cache); one keeps
 * senders to different CPUs apart.
 */
#ifndef XCPU_LANES_PER_LINE
#define XCPU_LANES_PER_LINE 8
#endif
XCPU_STATIC_ASSERT(XCPU_LANES_PER_LINE == 1 || XCPU_LANES_PER_LINE == 8,
    "XCPU_LANES_PER_LINE: 1 or 8");

/* Bytes that one coherence transaction moves; 64 nearly everywhere. */
#ifndef XCPU_LINE_BYTES
#define XCPU_LINE_BYTES 64
#endif
XCPU_STATIC_ASSERT(XCPU_LINE_BYTES >= 64 &&
    (XCPU_LINE_BYTES & (XCPU_LINE_BYTES - 1)) == 0,
    "XCPU_LINE_BYTES: a power of two, at least 64");

/*
 * Calls that one CPU can have in flight beside the token lines: one per nesting
 * level that waits, plus the calls that nobody waits for (at most half), plus
 * those that a deadline left running.  Two cpusets and 48 bytes each.
 */
#ifndef XCPU_CALL_SLOTS
#define XCPU_CALL_SLOTS 8
#endif
XCPU_STATIC_ASSERT(XCPU_CALL_SLOTS >= 2 && XCPU_CALL_SLOTS <= 64,
    "XCPU_CALL_SLOTS: 2 to 64");

/* Registered events, a multiple of 64: one bit per CPU and 32 bytes each. */
#ifndef XCPU_EVENT_MAX
#define XCPU_EVENT_MAX 64
#endif
XCPU_STATIC_ASSERT(XCPU_EVENT_MAX % 64 == 0 && XCPU_EVENT_MAX >= 64 &&
    XCPU_EVENT_MAX <= 1024, "XCPU_EVENT_MAX: 64, 128, ... 1024");

/* Bits of an event id that tell its owner from earlier owners of the slot. */
#ifndef XCPU_EVENT_GEN_BITS
#define XCPU_EVENT_GEN_BITS 20
#endif
XCPU_STATIC_ASSERT(XCPU_EVENT_GEN_BITS >= 2 && XCPU_EVENT_GEN_BITS <= 20,
    "XCPU_EVENT_GEN_BITS: 2 to 20");

/* Bits of the sequence that tells one request of a token slot from the next. */
#ifndef XCPU_SEQ_BITS
#define XCPU_SEQ_BITS 24
#endif
XCPU_STATIC_ASSERT(XCPU_SEQ_BITS >= 4 && XCPU_SEQ_BITS <= 24,
    "XCPU_SEQ_BITS: 4 to 24");

/*
 * Ranges that a space remembers, so that a CPU a few generations behind need
 * not flush everything; a power of two.  32 bytes per space each.
 */
#ifndef XCPU_SPACE_RANGES
#define XCPU_SPACE_RANGES 4
#endif
XCPU_STATIC_ASSERT(XCPU_SPACE_RANGES >= 2 && XCPU_SPACE_RANGES <= 64 &&
    (XCPU_SPACE_RANGES & (XCPU_SPACE_RANGES - 1)) == 0,
    "XCPU_SPACE_RANGES: a power of two, 2 to 64");

/*
 * Bits of a space's generation: it counts changes to 2^bits - 1 before it begins
 * again (space.h); at 64, to 2^62 - 1.  Fewer than 64 are for tests.
 */
#ifndef XCPU_SPACE_GEN_BITS
#define XCPU_SPACE_GEN_BITS 64
#endif
XCPU_STATIC_ASSERT(XCPU_SPACE_GEN_BITS >= 4 && XCPU_SPACE_GEN_BITS <= 64,
    "XCPU_SPACE_GEN_BITS: 4 to 64");

/*
 * Pages from which a range becomes a full flush, until xcpu_space_set_ceiling()
 * says otherwise.  Where a full flush and its refills cost less than that many
 * single invalidations: x86 about 33, RISC-V 64, Arm 512.
 */
#ifndef XCPU_FLUSH_CEILING
#define XCPU_FLUSH_CEILING 33
#endif

/*
 * Secondary TLBs (notifier.h) that a space can have at once: 24 bytes and a bit
 * per CPU each, in a room of the host's; a pointer per space.  0: the library is built without.
 */
#ifndef XCPU_NOTIFIERS
#define XCPU_NOTIFIERS 2
#endif
XCPU_STATIC_ASSERT(XCPU_NOTIFIERS >= 0 && XCPU_NOTIFIERS <= 64,
    "XCPU_NOTIFIERS: 0 to 64");

/* 1: shootdowns may have a kick of their own, an NMI above all: flush.h. */
#ifndef XCPU_FLUSH_KICK
#define XCPU_FLUSH_KICK 1
#endif

/*
 * Handlers and functions that one drain runs before it kicks itself and lets
 * the interrupted code breathe.  STOP and FLUSH do not count: they are bounded
 * by construction.
 */
#ifndef XCPU_DRAIN_BUDGET
#define XCPU_DRAIN_BUDGET 64
#endif
XCPU_STATIC_ASSERT(XCPU_DRAIN_BUDGET >= 1, "XCPU_DRAIN_BUDGET: at least 1");

/*
 * Messages that one ring holds, a power of two: 16 bytes each, beside three
 * lines per ring.  A flood costs a kick per half of them at most.  0: the
 * library is built without messages, 3 KiB smaller.
 */
#ifndef XCPU_MSG_SLOTS
#define XCPU_MSG_SLOTS 64
#endif
XCPU_STATIC_ASSERT(XCPU_MSG_SLOTS == 0 || (XCPU_MSG_SLOTS >= 4 &&
    XCPU_MSG_SLOTS <= 65536 && (XCPU_MSG_SLOTS & (XCPU_MSG_SLOTS - 1)) == 0),
    "XCPU_MSG_SLOTS: 0, or a power of two from 4 to 65536");

/*
 * Messages that one drain runs: more than handlers, since they are brief, and a
 * kick to oneself for every few of them would cost more than they do.
 */
#ifndef XCPU_MSG_BUDGET
#define XCPU_MSG_BUDGET (4 * XCPU_DRAIN_BUDGET)
#endif
XCPU_STATIC_ASSERT(XCPU_MSG_BUDGET >= 1, "XCPU_MSG_BUDGET: at least 1");

/*
 * Looks at an empty ring that each message run from it is worth: a sender who is
 * at it need not kick again.  So a drain takes at most so much longer.
 */
#ifndef XCPU_MSG_LOOKS
#define XCPU_MSG_LOOKS 2
#endif

/*
 * Most pauses between two looks at a ring while messages stream in, so that the
 * sender keeps the line that he is filling.  A message, or a call or an event to
 * that CPU, waits so much longer at most, here about a microsecond; a flush does
 * not.
 */
#ifndef XCPU_MSG_PAUSES
#define XCPU_MSG_PAUSES 32
#endif

/* How deep senders inside handlers may serve messages while they wait for room. */
#ifndef XCPU_MSG_NEST
#define XCPU_MSG_NEST 4
#endif

/*
 * A parked CPU looks at its doorbell, which its neighbours write as they come
 * and go, once in so many looks at the word that releases it, which nobody else
 * writes; a power of two.  A flush waits that long for it.
 */
#ifndef XCPU_PARK_LOOKS
#define XCPU_PARK_LOOKS 16
#endif
XCPU_STATIC_ASSERT(XCPU_PARK_LOOKS >= 1 &&
    (XCPU_PARK_LOOKS & (XCPU_PARK_LOOKS - 1)) == 0,
    "XCPU_PARK_LOOKS: a power of two");

/* Silence after which a wait sends its kicks once more, in nanoseconds. */
#ifndef XCPU_REKICK_NS
#define XCPU_REKICK_NS 100000000u
#endif

/* Silence after which a wait reports to xcpu_port_stall(), doubling each time. */
#ifndef XCPU_STALL_NS
#define XCPU_STALL_NS 1000000000u
#endif

/* Level of the port, 0 to 4; see port.h.  A lower level compiles the rest out. */
#ifndef XCPU_PORT_LEVEL
#define XCPU_PORT_LEVEL 4
#endif
XCPU_STATIC_ASSERT(XCPU_PORT_LEVEL >= 0 && XCPU_PORT_LEVEL <= 4,
    "XCPU_PORT_LEVEL: 0 poll, 1 kick, 2 clock, 3 TLB, 4 NMI");

/* 1: the port has xcpu_port_tlb_remote() (broadcast invalidation, hypercall). */
#ifndef XCPU_PORT_REMOTE
#define XCPU_PORT_REMOTE 0
#endif

/*
 * 1: shootdowns may end with the claim (early.h), for the machine has completed
 * all accesses of interrupted code when a read-modify-write that releases, in the
 * interrupt, is seen.  On x86 every locked instruction does that.  Elsewhere the
 * claim becomes a stronger instruction; leave it 0 where invalidations need a
 * barrier of their own to be complete (arm64, riscv64).
 */
#ifndef XCPU_PORT_EARLY
#define XCPU_PORT_EARLY 0
#endif

/* 1: the port has xcpu_port_near(), which picks a near CPU for xcpu_call_any(). */
#ifndef XCPU_PORT_NEAR
#define XCPU_PORT_NEAR 0
#endif

/* 1: misuse ends in xcpu_port_panic() with what to do about it. */
#ifndef XCPU_ASSERTS
#define XCPU_ASSERTS 1
#endif

/* 1: counters and latency histograms, on lines of their own. */
#ifndef XCPU_STATS
#define XCPU_STATS 1
#endif

/*
 * What a build of the library must share with all that includes it; what has no
 * bits of its own is multiplied in.
 */
#define XCPU_CONFIG_HASH						\
	(UINT64_C(0x9e3779b97f4a7c15) * XCPU_MSG_SLOTS ^		\
	    ((uint64_t)XCPU_NCPU_MAX |					\
	    (uint64_t)(XCPU_LANES_PER_LINE / 8) << 13 |			\
	    (uint64_t)(XCPU_LINE_BYTES / 64) << 14 |			\
	    (uint64_t)XCPU_CALL_SLOTS << 19 |				\
	    (uint64_t)(XCPU_EVENT_MAX / 64) << 26 |			\
	    (uint64_t)XCPU_SPACE_RANGES << 31 |				\
	    (uint64_t)XCPU_PORT_LEVEL << 38 | (uint64_t)XCPU_STATS << 41 |	\
	    (uint64_t)XCPU_SEQ_BITS << 43 |				\
	    (uint64_t)XCPU_EVENT_GEN_BITS << 48 |			\
	    (uint64_t)XCPU_SPACE_GEN_BITS << 53 |			\
	    (uint64_t)(XCPU_NOTIFIERS != 0) << 60))

#endif /* XCPU_CONFIG_H */
