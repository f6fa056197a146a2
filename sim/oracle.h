/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle.h: how much the oracle of stale accesses has seen, over all runs of the
 * process.  Printed with --oracle (oracle.c).
 */
#ifndef XCPU_SIM_ORACLE_H
#define XCPU_SIM_ORACLE_H

#include <stdint.h>

struct sim_oracle {
	uint64_t shootdowns;	/* ranges that are over, of late requests too */
	uint64_t accesses;	/* through page tables, each judged */
	uint64_t walked;	/* translations that a walker filled by itself */
	uint64_t flushed;	/* those of them that a flush has removed */
	uint64_t outdated;	/* of which the tables said otherwise by then */
};

extern struct sim_oracle sim_oracle;

#endif /* XCPU_SIM_ORACLE_H */
