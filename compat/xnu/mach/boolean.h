/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/boolean.h: the truth as XNU has it on x86_64. */
#ifndef XCPU_XNU_MACH_BOOLEAN_H
#define XCPU_XNU_MACH_BOOLEAN_H

typedef unsigned int boolean_t;

#ifndef TRUE
#define TRUE	1
#define FALSE	0
#endif

#endif /* XCPU_XNU_MACH_BOOLEAN_H */
