/* SPDX-License-Identifier: BSD-2-Clause */
/* mach/vm_types.h: addresses, and what a page is. */
#ifndef XCPU_XNU_MACH_VM_TYPES_H
#define XCPU_XNU_MACH_VM_TYPES_H

#include <stdint.h>

typedef uint64_t vm_map_offset_t;

#ifndef PAGE_SIZE
#define PAGE_SIZE	4096
#endif

#endif /* XCPU_XNU_MACH_VM_TYPES_H */
