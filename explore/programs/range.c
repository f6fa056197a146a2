/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * range.c: the ranges that a space remembers.
 *
 * Protocol P4, the K-range ring.  Whether a range is found at all matters only
 * for speed, so a program through the public functions could not tell a torn
 * range from a lucky full flush; the two functions of space.c are called here.
 */
#include "scene.h"

#include "../../src/internal.h"

static struct xcpu_space EXPLORE_DATA space;

/* Generations that meet in one entry; the first is there from the beginning. */
#define FIRST	3
#define SECOND	(FIRST + XCPU_SPACE_RANGES)
#define THIRD	(SECOND + XCPU_SPACE_RANGES)

static void
note(uint64_t gen)
{
	struct xcpu_flush flush = {
		.space = &space,
		.start = gen << 12,
		.len = gen << 12,
		.stride_shift = 12,
	};

	xcpui_space_note(&space, gen, &flush);
}

static void
recall(uint64_t gen)
{
	struct xcpu_flush flush;

	if (!xcpui_space_recall(&space, gen, &flush)) {
		explore_note(0);
		return;
	}
	explore_note(gen);
	explore_assert(flush.start == gen << 12 && flush.len == gen << 12 &&
	    flush.stride_shift == 12, "the range of another generation");
}

static void
setup(void)
{
	explore_boot(2);
	xcpu_space_init(&space, NULL);
	explore_name(&space, sizeof(space), "space");
	note(FIRST);
}

static void
note_second(void)
{
	note(SECOND);
}

static void
recall_two(void)
{
	recall(FIRST);
	recall(SECOND);
}

static void
check(void)
{
	recall(FIRST);
	recall(SECOND);
	recall(THIRD);
}

/* "No second look at the tag", "no fence", "tag relaxed" are rejected. */
static const struct explore_program range_read = {
	.name = "range-read",
	.what = "a remembered range is read while the next one takes its place",
	.ids = "INV-S6",
	.ncpu = 2,
	.setup = setup,
	.cpu = { note_second, recall_two },
	.check = check,
};

static void
note_and_recall_third(void)
{
	note(THIRD);
	recall(THIRD);
}

/* "Entry not claimed" is rejected: two writers would mix their words. */
static const struct explore_program range_write = {
	.name = "range-write",
	.what = "two changes take the place of one remembered range",
	.ids = "INV-S6",
	.ncpu = 2,
	.setup = setup,
	.cpu = { note_second, note_and_recall_third },
	.check = check,
};

const struct explore_program *const range_programs[] = {
	&range_read, &range_write, NULL
};
