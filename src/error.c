/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * error.c: the texts of the errors.
 */
#include <xcpu/error.h>

const char *
xcpu_strerror(int error)
{
	switch (error < 0 ? -error : error) {
	case XCPU_OK:
		return "success";
	case XCPU_EPERM:
		return "not allowed from NMI";
	case XCPU_ENOENT:
		return "no such event, or an old id";
	case XCPU_ENXIO:
		return "CPU not ready";
	case XCPU_E2BIG:
		return "more CPUs than XCPU_NCPU_MAX";
	case XCPU_EAGAIN:
		return "full, or this CPU is not ready: try again";
	case XCPU_EBUSY:
		return "still in use";
	case XCPU_EINVAL:
		return "argument out of range";
	case XCPU_ENOSPC:
		return "table full";
	case XCPU_EDEADLK:
		return "would wait for itself";
	case XCPU_ENOSYS:
		return "compiled out";
	case XCPU_ETIMEDOUT:
		return "deadline passed";
	case XCPU_ECANCELED:
		return "taken back before it ran";
	default:
		return "unknown error";
	}
}
