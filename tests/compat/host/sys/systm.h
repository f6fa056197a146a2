/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sys/systm.h: what a BSD kernel has besides, for the drivers here.
 *
 * A thread of the threads port stays on its CPU, so there is no preemption to
 * be disabled.
 */
#ifndef TESTS_COMPAT_SYSTM_H
#define TESTS_COMPAT_SYSTM_H

#include <stdlib.h>

static inline void
kpreempt_disable(void)
{
}

static inline void
kpreempt_enable(void)
{
}

#endif /* TESTS_COMPAT_SYSTM_H */
