/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kern/cpu_number.h: which CPU this is.
 *
 * A kernel that has one of its own puts it before this on the include path.
 */
#ifndef XCPU_XNU_KERN_CPU_NUMBER_H
#define XCPU_XNU_KERN_CPU_NUMBER_H

#include <xcpu/domain.h>

static inline int
cpu_number(void)
{
	return (int)xcpu_cpu_index();
}

#endif /* XCPU_XNU_KERN_CPU_NUMBER_H */
