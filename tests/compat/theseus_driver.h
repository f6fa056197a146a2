/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * theseus_driver.h: what the rest of the kernel calls of theseus_driver.rs and
 * theseus_interrupts.rs.
 */
#ifndef TESTS_COMPAT_THESEUS_DRIVER_H
#define TESTS_COMPAT_THESEUS_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

void captain_init(void);
uintptr_t mapped_pages_unmap(uintptr_t start, uintptr_t size_in_bytes);
uintptr_t mapped_pages_unmap_through(uintptr_t first, uintptr_t last);
uintptr_t mapped_pages_unmap_none(void);
bool nmi_handler(void);
uintptr_t other_nmis(void);
bool ipi_vector(void);

/* The kernel's, called by it. */
void page_table_clear(uintptr_t page_address);
_Noreturn void kernel_panic(void);

#endif /* TESTS_COMPAT_THESEUS_DRIVER_H */
