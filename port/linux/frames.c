/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames.c: physical memory, a piece of the process's own.
 *
 *	[ - | frames given out so far -> ... <- mach_alloc() ]
 *
 * A frame's address is its offset; 0 is none, so the first page is never given
 * out.  A freed frame is poisoned at once and is the next one given out: whoever
 * still reads it through a stale translation sees the poison, or the tag of the
 * next owner.  Its link stands apart, for each word of the frame is poison.
 *
 * Words of frames are atomic but relaxed: stores and stale reads may meet, which
 * is what the oracle is for, and no access orders anything that real memory
 * would not.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "host.h"

#define PAGE_WORDS	(MACH_PAGE_SIZE / sizeof(uint64_t))
#define LINK_OUT	0		/* given out, or never cut */
#define LINK_END	UINT32_MAX	/* last of the list; else a frame number */

static struct {
	uint32_t lock;
	uint32_t head;
	uint32_t *links;		/* by frame number */
	unsigned char *memory;
	uint64_t listed;
	uint64_t cut, top;		/* offsets */
} pool;

static void *
reserve(uint64_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

bool
host_frames_init(uint64_t memory_bytes)
{
	uint64_t nframes = memory_bytes / MACH_PAGE_SIZE;

	if (nframes < 2 || nframes >= LINK_END)
		return false;
	pool.memory = reserve(nframes * MACH_PAGE_SIZE);
	pool.links = reserve(nframes * sizeof(pool.links[0]));
	pool.head = LINK_END;
	pool.cut = MACH_PAGE_SIZE;
	pool.top = nframes * MACH_PAGE_SIZE;
	return pool.memory != NULL && pool.links != NULL;
}

uint64_t *
host_frame_words(mach_frame frame)
{
	/* rlx: it only grows, and who has a frame has seen it grow so far */
	if (frame % MACH_PAGE_SIZE != 0 || frame == 0 ||
	    frame >= __atomic_load_n(&pool.cut, __ATOMIC_RELAXED))
		return NULL;
	return (uint64_t *)(void *)(pool.memory + frame);
}

static void
fill(mach_frame frame, uint64_t word)
{
	uint64_t *words = (uint64_t *)(void *)(pool.memory + frame);

	for (unsigned i = 0; i < PAGE_WORDS; i++)
		__atomic_store_n(&words[i], word, __ATOMIC_RELAXED);
}

static mach_frame
pop(void)
{
	mach_frame frame = pool.cut;
	uint32_t number = pool.head;

	if (number != LINK_END) {
		pool.head = pool.links[number];
		pool.links[number] = LINK_OUT;
		pool.listed--;
		return number * MACH_PAGE_SIZE;
	}
	if (frame == pool.top)
		return 0;
	__atomic_store_n(&pool.cut, frame + MACH_PAGE_SIZE, __ATOMIC_RELAXED);
	return frame;
}

mach_frame
mach_frame_take(uint64_t tag)
{
	unsigned long state = host_spin_lock(&pool.lock);
	mach_frame frame = pop();

	host_spin_unlock(&pool.lock, state);
	if (frame != 0)
		fill(frame, tag);
	return frame;
}

void
mach_frame_free(mach_frame frame)
{
	uint64_t number = frame / MACH_PAGE_SIZE;
	unsigned long state;

	if (host_frame_words(frame) == NULL)
		host_panic("frame %#lx was never given out",
		    (unsigned long)frame);
	fill(frame, MACH_POISON);
	state = host_spin_lock(&pool.lock);
	if (pool.links[number] != LINK_OUT)
		host_panic("frame %#lx is free already", (unsigned long)frame);
	pool.links[number] = pool.head;
	pool.head = (uint32_t)number;
	pool.listed++;
	host_spin_unlock(&pool.lock, state);
}

uint64_t
mach_frames_left(void)
{
	unsigned long state = host_spin_lock(&pool.lock);
	uint64_t left = pool.listed + (pool.top - pool.cut) / MACH_PAGE_SIZE;

	host_spin_unlock(&pool.lock, state);
	return left;
}

void *
mach_alloc(size_t len_bytes)
{
	uint64_t len = (len_bytes + MACH_PAGE_SIZE - 1) & ~(MACH_PAGE_SIZE - 1);
	void *memory = NULL;
	unsigned long state = host_spin_lock(&pool.lock);

	/* Never used before, so the kernel has zeroed it. */
	if (len >= len_bytes && len <= pool.top - pool.cut) {
		pool.top -= len;
		memory = pool.memory + pool.top;
	}
	host_spin_unlock(&pool.lock, state);
	return memory;
}
