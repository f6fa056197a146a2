/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbi_call.h: how this port asks the firmware (RISC-V SBI, version 0.2 on).
 *
 * The unit tests put a firmware of their own in its place, by
 * XCPU_SBI_CALL_HEADER.
 */
#ifndef XCPU_SBI_CALL_H
#define XCPU_SBI_CALL_H

#include <stdint.h>

/* Extension and function, and up to five arguments. */
struct xcpu_sbi_call {
	uint64_t extension, function;
	uint64_t arg[5];
};

/*
 * The fence makes the caller's stores visible to whoever is interrupted, or made
 * to fence: what the firmware itself uses to tell them is not known.
 * Registers but a0 and a1 are preserved.  Returns SBI's error, 0 for success.
 */
static inline int64_t
xcpu_sbi_call(const struct xcpu_sbi_call *call, uint64_t *value)
{
	register uint64_t a0 __asm__("a0") = call->arg[0];
	register uint64_t a1 __asm__("a1") = call->arg[1];
	register uint64_t a2 __asm__("a2") = call->arg[2];
	register uint64_t a3 __asm__("a3") = call->arg[3];
	register uint64_t a4 __asm__("a4") = call->arg[4];
	register uint64_t a6 __asm__("a6") = call->function;
	register uint64_t a7 __asm__("a7") = call->extension;

	__asm__ volatile("fence rw, rw; ecall"
	    : "+r"(a0), "+r"(a1)
	    : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
	if (value != 0)
		*value = a1;
	return (int64_t)a0;
}

#endif /* XCPU_SBI_CALL_H */
