/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames.c: physical memory.
 *
 *	start [ links | frames given out so far -> ... <- mach_alloc ] end
 *
 * Frames are cut from the bottom, memory for tables from the top; there is none
 * left when the two meet.  A freed frame is filled with poison at once and goes
 * on top of a list, so it is the next one given out: whoever still reads it
 * through a stale translation sees the poison, or the next owner's tag.
 *
 * The list cannot be in the frames, each word of which is poison; one link per
 * frame is kept apart.  A frame that is not on the list has link 0, which is
 * also how a second free is caught.
 */
#include "kernel.h"

#define LINK_OUT	0		/* given out, or never cut */
#define LINK_END	UINT32_MAX	/* end of list; else frame index + 1 */
#define PAGE_WORDS	(MACH_PAGE_SIZE / sizeof(uint64_t))

static struct {
	struct spinlock lock;
	uint32_t *links;
	uint32_t head;
	uint64_t listed;		/* frames on the list */
	uint64_t base, cut, top;	/* physical */
} pool;

static uint64_t
page_round_up(uint64_t n)
{
	return (n + MACH_PAGE_SIZE - 1) & ~(MACH_PAGE_SIZE - 1);
}

void
frames_init(uint64_t start, uint64_t end)
{
	start = page_round_up(start);
	end &= ~(MACH_PAGE_SIZE - 1);
	pool.links = phys_to_virt(start);
	pool.base = start + page_round_up((end - start) / MACH_PAGE_SIZE *
	    sizeof(pool.links[0]));
	pool.cut = pool.base;
	pool.top = end;
	pool.head = LINK_END;
	fill_words(pool.links, 0, (pool.base - start) / sizeof(uint64_t));
}

static uint64_t
frame_pop(void)
{
	uint32_t index = pool.head - 1;

	if (pool.head != LINK_END) {
		pool.head = pool.links[index];
		pool.links[index] = LINK_OUT;
		pool.listed--;
		return pool.base + index * MACH_PAGE_SIZE;
	}
	if (pool.cut == pool.top)
		return 0;
	pool.cut += MACH_PAGE_SIZE;
	return pool.cut - MACH_PAGE_SIZE;
}

mach_frame
mach_frame_take(uint64_t tag)
{
	unsigned long state = spin_lock(&pool.lock);
	uint64_t frame = frame_pop();

	spin_unlock(&pool.lock, state);
	if (frame != 0)
		fill_words(phys_to_virt(frame), tag, PAGE_WORDS);
	return frame;
}

void
mach_frame_free(mach_frame frame)
{
	uint64_t index = (frame - pool.base) / MACH_PAGE_SIZE;
	unsigned long state;

	if (frame < pool.base || frame >= pool.cut ||
	    frame % MACH_PAGE_SIZE != 0)
		panic("frame %lx was never given out", frame);
	fill_words(phys_to_virt(frame), MACH_POISON, PAGE_WORDS);
	state = spin_lock(&pool.lock);
	if (pool.links[index] != LINK_OUT)
		panic("frame %lx is free already", frame);
	pool.links[index] = pool.head;
	pool.head = (uint32_t)index + 1;
	pool.listed++;
	spin_unlock(&pool.lock, state);
}

uint64_t
mach_frames_left(void)
{
	unsigned long state = spin_lock(&pool.lock);
	uint64_t left = pool.listed + (pool.top - pool.cut) / MACH_PAGE_SIZE;

	spin_unlock(&pool.lock, state);
	return left;
}

void *
mach_alloc(size_t len_bytes)
{
	uint64_t len = page_round_up(len_bytes);
	void *memory = NULL;
	unsigned long state = spin_lock(&pool.lock);

	if (len >= len_bytes && len <= pool.top - pool.cut) {
		pool.top -= len;
		memory = phys_to_virt(pool.top);
	}
	spin_unlock(&pool.lock, state);
	if (memory != NULL)
		fill_words(memory, 0, len / sizeof(uint64_t));
	return memory;
}
