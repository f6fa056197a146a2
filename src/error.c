/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error.c: the texts of the errors.
 */
#include <stdint.h>

#include <xcpu/error.h>

#define ERRORS(X)							\
	X(XCPU_OK, "success")						\
	X(XCPU_EPERM, "not allowed from NMI")				\
	X(XCPU_ENOENT, "no such event, or an old id")			\
	X(XCPU_ENXIO, "CPU not ready")					\
	X(XCPU_E2BIG, "more CPUs than XCPU_NCPU_MAX")			\
	X(XCPU_EAGAIN, "full, or this CPU is not ready: try again")	\
	X(XCPU_EBUSY, "still in use")					\
	X(XCPU_EINVAL, "argument out of range")				\
	X(XCPU_ENOSPC, "table full")					\
	X(XCPU_EDEADLK, "would wait for itself")			\
	X(XCPU_ENOSYS, "compiled out")					\
	X(XCPU_ETIMEDOUT, "deadline passed")				\
	X(XCPU_ECANCELED, "a CPU died that was waited for")

#define NUMBER(number, text) number,
#define TEXT(number, text) text,

const char *
xcpu_strerror(int error)
{
	static const uint8_t numbers[] = { ERRORS(NUMBER) };
	static const char *const texts[] = { ERRORS(TEXT) };

	for (unsigned i = 0; i < sizeof(numbers); i++)
		if (numbers[i] == (error < 0 ? -error : error))
			return texts[i];
	return "unknown error";
}
