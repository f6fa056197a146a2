/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlbs.h: the kinds of TLBs that the simulated machine may have (--tlb).
 */
#ifndef XCPU_SIM_TLBS_H
#define XCPU_SIM_TLBS_H

/*
 * TLBs that keep what is not loaded, under ASIDs of the library's, and back ends
 * that flush without kicks.
 */
#define SIM_TLBS(X)							\
	X(PLAIN, "plain", "no ASIDs")					\
	X(OWN, "own", "each CPU has two or three ASIDs of its own")	\
	X(TAGGED, "tagged", "and kernel entries are under them, too")	\
	X(SPLIT, "split", "and user code has tables of its own")	\
	X(GLOBAL, "global", "one ASID per space, as few as will do")	\
	X(BROADCAST, "broadcast", "and all CPUs are flushed by broadcast") \
	X(FLAKY, "flaky", "and the broadcast fails now and then")	\
	X(GUEST, "guest",						\
	    "own, and virtual CPUs that do not run flush as they go on")

enum sim_tlb {
#define SIM_TLB_ENUM_(sym, name, what) SIM_TLB_##sym,
	SIM_TLBS(SIM_TLB_ENUM_)
#undef SIM_TLB_ENUM_
	SIM_NTLB
};

#endif /* XCPU_SIM_TLBS_H */
