/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmu.c: frames, and the spaces made of them.
 *
 * A frame that is freed is the next one handed out, in a new life, so that what
 * looks like its old owner's is told apart.
 */
#include "mmu.h"

#define VA_BASE		UINT64_C(0x0000100000000000)
#define VA_KERNEL	UINT64_C(0xffff800000000000)

struct mmu mmu;

/* ---- frames ---- */

uint32_t
mmu_frame_take(enum frame_kind kind)
{
	uint32_t n = mmu.free;
	struct frame *frame;

	if (n != 0) {
		mmu.free = mmu.frame[n].next_free;
	} else {
		n = ++mmu.cut;
		if (n == FRAMES_MAX)
			sim_fail(SIM_PANIC, "the machine has no frame left");
	}
	frame = &mmu.frame[n];
	*frame = (struct frame){ .kind = kind, .life = frame->life + 1 };
	return n;
}

void
mmu_frame_free(uint32_t n)
{
	struct frame *frame = &mmu.frame[n];

	frame->kind = FRAME_FREE;
	frame->life++;
	frame->next_free = mmu.free;
	mmu.free = n;
}

/* ---- spaces ---- */

static void
space_begin(struct sim_space *space, bool kernel)
{
	*space = (struct sim_space){
		.used = true,
		.kernel = kernel,
		.id = mmu.ids++,
		.root = mmu_frame_take(FRAME_TABLE),
	};
	if (kernel)
		return;
	xcpu_space_init(&space->xcpu, space);
	asid_space_init(&space->asid, &space->xcpu);
}

void
mmu_reset(void)
{
	for (uint32_t i = 0; i <= mmu.cut; i++)
		mmu.frame[i] = (struct frame){ .kind = FRAME_FREE };
	for (unsigned i = 0; i <= SIM_SPACES_MAX; i++)
		mmu.space[i].used = false;
	mmu.cut = mmu.free = mmu.ids = 0;
	space_begin(&mmu.space[0], true);
}

struct sim_space *
sim_space_new(void)
{
	for (unsigned i = 1; i <= SIM_SPACES_MAX; i++)
		if (!mmu.space[i].used) {
			space_begin(&mmu.space[i], false);
			return &mmu.space[i];
		}
	return NULL;
}

bool
sim_space_free(struct sim_space *space)
{
	const struct frame *root = &mmu.frame[space->root];

	if (xcpu_space_destroy(&space->xcpu) != 0)
		return false;
	for (unsigned t = 0; t < SIM_TABLES; t++) {
		const struct frame *table = &mmu.frame[root->entry[t].frame];

		if (!root->entry[t].present)
			continue;
		for (unsigned p = 0; p < SIM_TABLE_PAGES; p++)
			if (table->entry[p].present)
				mmu_frame_free(table->entry[p].frame);
		mmu_frame_free(root->entry[t].frame);
	}
	mmu_frame_free(space->root);
	space->used = false;
	return true;
}

struct sim_space *
sim_space_kernel(void)
{
	return &mmu.space[0];
}

struct xcpu_space *
sim_space_xcpu(struct sim_space *space)
{
	return space->kernel ? &sim_domain_.kernel : &space->xcpu;
}

struct sim_space *
mmu_of(const struct xcpu_space *space)
{
	return space->kernel ? &mmu.space[0] : space->host;
}

struct xcpu_asid *
mmu_asid(struct sim_space *space)
{
	return &space->asid;
}

bool
mmu_same(const struct sim_space *space, unsigned id)
{
	return space->used && space->id == id;
}

unsigned
sim_space_id(const struct sim_space *space)
{
	return space->id;
}

uint64_t
sim_page_va(const struct sim_space *space, unsigned page)
{
	return (space->kernel ? VA_KERNEL : VA_BASE) +
	    ((uint64_t)page << PAGE_SHIFT);
}

unsigned
mmu_page(const struct sim_space *space, uint64_t va)
{
	return (unsigned)((va - sim_page_va(space, 0)) >> PAGE_SHIFT);
}
