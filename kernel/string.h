/* SPDX-License-Identifier: BSD-2-Clause */
/* string.h: the functions of string.c. */
#ifndef XCPU_KERNEL_STRING_H
#define XCPU_KERNEL_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif /* XCPU_KERNEL_STRING_H */
