/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slot.h: the bits of the word that names a token line's request; the protocol
 * is in slot.c.
 */
#ifndef XCPU_SLOT_H
#define XCPU_SLOT_H

#define SLOT_TODO(v)	((unsigned)(v) & 0xff)
#define SLOT_OPEN(v)	((unsigned)((v) >> 8) & 0xff)
#define SLOT_FILL	((uint64_t)1 << 16)
#define SLOT_KIND(v)	((unsigned)((v) >> 17) & 3)
#define SLOT_BUSY	((uint64_t)0x1ffff)	/* FILL, open, todo */
#define SLOT_SEQ_SHIFT	24
#define SLOT_OWNER_SHIFT 48
#define SLOT_ID		(~(((uint64_t)1 << SLOT_SEQ_SHIFT) - 1))

#endif /* XCPU_SLOT_H */
