/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error.c: the texts of the errors.
 */
#include <xcpu/error.h>

#include "internal.h"

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
#define TEXT(number, text) text "\0"

const char * XCPUI_COLD
xcpu_strerror(int error)
{
	static const uint8_t numbers[] = { ERRORS(NUMBER) };
	/* One after the other: a table of pointers is as long as a third of them. */
	static const char texts[] = ERRORS(TEXT);
	const char *text = texts;
	unsigned i = 0;

	for (unsigned at = 0; at < sizeof(texts) - 1; at++) {
		if (numbers[i] == (error < 0 ? -error : error))
			return text;
		if (texts[at] == '\0') {
			text = &texts[at + 1];
			i++;
		}
	}
	return "unknown error";
}
