/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * traced.h: a configuration (XCPU_CONFIG_FILE) whose trace the suite reads.
 */
#ifndef XCPU_SELFTEST_TRACED_H
#define XCPU_SELFTEST_TRACED_H

#include <stdint.h>

#define XCPU_SELFTEST_TRACED 1
#define XCPU_TRACE(event, a, b)						\
	selftest_traced(event, (uint64_t)(a), (uint64_t)(b))

#ifdef __cplusplus
extern "C" {
#endif
void selftest_traced(unsigned event, uint64_t a, uint64_t b);
#ifdef __cplusplus
}
#endif

#endif /* XCPU_SELFTEST_TRACED_H */
