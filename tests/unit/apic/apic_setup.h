/* SPDX-License-Identifier: BSD-2-Clause */
/* apic_setup.h: a sender on the mock's machine, and the check of what it sent. */
#ifndef XCPU_TESTS_APIC_SETUP_H
#define XCPU_TESTS_APIC_SETUP_H

#include <stdint.h>

#include "apic.h"
#include "apic_mock.h"

#define VECTOR		0xf2u
#define XAPIC_MAX	255u	/* CPUs; ids 0 to 254 */

extern struct xcpu_apic apic;

/* A machine of ncpu CPUs with ids 0, 1, 2, ..., known to `apic`, all up. */
void apic_setup(bool x2apic, unsigned ncpu);
/* The same for the ids that the mock has. */
void apic_setup_ids(void);

/* Forgets what was sent before. */
int apic_send(const struct xcpu_cpuset *set, uint32_t what);
/* The set was interrupted, nobody else, each once, by the rules. */
void apic_check_sent(const struct xcpu_cpuset *set, uint32_t what);
void apic_send_and_check(const struct xcpu_cpuset *set, uint32_t what);

/* All but the sending CPU. */
struct xcpu_cpuset apic_others(void);
/* About one CPU in four, so never all of a large machine. */
struct xcpu_cpuset apic_random_set(uint64_t *state);

#endif /* XCPU_TESTS_APIC_SETUP_H */
