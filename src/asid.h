/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid.h: between asid.c, which knows what a CPU has under each ASID, and the
 * two files that hand ASIDs out.
 */
#ifndef XCPU_ASID_INTERNAL_H
#define XCPU_ASID_INTERNAL_H

#include <xcpu/asid.h>

#include "internal.h"

/* xcpu_asid_global: an id is a version and an ASID. */
#define XCPUI_ASID_BITS 16

static inline unsigned
xcpui_asid_of(uint64_t id)
{
	return (unsigned)(id & ((1u << XCPUI_ASID_BITS) - 1));
}

/* The tag that the hardware knows an ASID by, or its kernel half. */
static inline unsigned
xcpui_asid_tag(const struct xcpu_asids *asids, unsigned asid)
{
	return (asids->flags & XCPU_ASID_SPLIT) != 0 ? 2 * asid : asid;
}

#endif /* XCPU_ASID_INTERNAL_H */
