/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * theseus_rust.c: a kernel whose unmapping and NMI vector are in Rust.
 *
 * All NMIs of this program enter theseus_driver.rs; here its pages are unmapped
 * there, too.
 */
#include "theseus_test.h"

#define STORM_PAGES	8

static bool
map(uintptr_t va, mach_frame frame)
{
	return CHECK(frame != 0) && CHECK(mach_map(mach_space_kernel(), va,
	    frame, MACH_WRITE) == 0);
}

/* What a CPU reads; 0 where it is refused. */
static uint64_t
read_word(uintptr_t va)
{
	struct mach_access access = { .va = va, .op = MACH_READ };

	mach_access(MACH_AS_KERNEL, &access, 1);
	return access.fault ? 0 : access.value;
}

struct reader {
	uintptr_t va;
	uint64_t got[XCPU_NCPU_MAX];
};

static void
read_here(void *arg)
{
	struct reader *reader = arg;

	reader->got[xcpu_cpu_index()] = read_word(reader->va);
}

/* Does every CPU read that? */
static bool
all_read(uintptr_t va, uint64_t value)
{
	static struct reader reader;

	reader.va = va;
	start_others(read_here, &reader);
	read_here(&reader);
	join_others();
	for (unsigned cpu = 0; cpu < mach_ncpu(); cpu++)
		if (reader.got[cpu] != value)
			return false;
	return true;
}

/* ---- tests ---- */

static void
test_unmap(void)
{
	mach_frame frame[3];

	for (unsigned n = 0; n < 3; n++) {
		frame[n] = mach_frame_take(n + 1);
		if (!map(page(n), frame[n]))
			return;
		CHECK(all_read(page(n), n + 1));
	}
	/* Two pages and a byte, from the middle of the first. */
	CHECK(mapped_pages_unmap(page(0) + 16, MACH_PAGE_SIZE) == 2);
	CHECK(all_read(page(0), 0) && all_read(page(1), 0));
	CHECK(all_read(page(2), 3));
	CHECK(mapped_pages_unmap_through(page(2) + 8, page(2) + 16) == 1);
	CHECK(all_read(page(2), 0));
	for (unsigned n = 0; n < 3; n++)
		mach_frame_free(frame[n]);
}

static void
test_ranges(void)
{
	struct mach_counts before, after;
	struct drops first, last, beyond;

	mach_counts(&before);
	CHECK(mapped_pages_unmap_none() == 0);
	CHECK(mapped_pages_unmap(page(0), 0) == 0);
	mach_counts(&after);
	CHECK(after.nmi_sent == before.nmi_sent);
	watch_drops(&first, page(0));
	watch_drops(&last, page(4));
	watch_drops(&beyond, page(5));
	CHECK(mapped_pages_unmap(page(0), 5 * MACH_PAGE_SIZE) == 5);
	CHECK(dropped_by_all(&first) && dropped_by_all(&last));
	for (unsigned cpu = 0; cpu < mach_ncpu(); cpu++)
		CHECK(!dropped_by(&beyond, cpu));
}

static void
test_nmis(void)
{
	uintptr_t others;
	uint32_t ours;

	settle_nmis(0);
	ours = seen(&nmis.ours[0]);
	others = other_nmis();
	foreign_nmi(0);
	CHECK(other_nmis() == others + 1);
	CHECK(seen(&nmis.ours[0]) == ours);
}

/* As on machines where shootdowns have an interrupt of their own. */
static void
test_interrupt(void)
{
	unsigned long state = mach_mask();

	CHECK(ipi_vector());	/* for nothing: no harm */
	mach_unmask(state);
}

/* ---- frames ---- */

static struct {
	mach_frame frame;
	uint64_t got;
} late;

static void
unmap_and_free(void *unused)
{
	(void)unused;
	CHECK(mapped_pages_unmap(page(0), MACH_PAGE_SIZE) == 1);
	mach_frame_free(late.frame);
}

static void
read_late(void)
{
	late.got = read_word(page(0));
}

/* A CPU that has not flushed reads the old frame: it must still be that page's. */
static void
test_late_reader(void)
{
	struct deaf_cpu deaf;
	struct drops drops;

	late.frame = mach_frame_take(7);
	if (!map(page(0), late.frame))
		return;
	CHECK(all_read(page(0), 7));
	deafen(&deaf, 1);
	watch_drops(&drops, page(0));
	compat_start(2, unmap_and_free, NULL);
	await_broadcast_at(&drops, 0);
	linger();
	have_done(&deaf, read_late);
	CHECK(late.got == 7);
	undeafen(&deaf);
	compat_join(2);
	CHECK(all_read(page(0), 0));
}

/* ---- storm ---- */

static struct {
	uint32_t over;
	uint32_t stale;
	uint32_t reads;
	uint32_t age[STORM_PAGES];	/* of the page now, or next */
} storm;

static uint64_t
storm_value(unsigned n, uint32_t age)
{
	return (uint64_t)age << 8 | n;
}

/*
 * A page holds its number and how often it was mapped by then, or later; a frame
 * that was freed holds poison, or another page's value.
 */
static void
read_storm(void *unused)
{
	(void)unused;
	/* ends: the unmapping is over */
	for (unsigned n = 0; !seen(&storm.over); n = (n + 1) % STORM_PAGES) {
		uint64_t least = storm_value(n, seen(&storm.age[n]));
		uint64_t got = read_word(page(n));

		if (got != 0 && ((got & 0xff) != n || got < least ||
		    got > storm_value(n, seen(&storm.age[n]) + 1)))
			count(&storm.stale);
		count(&storm.reads);
	}
}

/* The new frame is another: the old one holds poison as soon as it is freed. */
static void
remap(unsigned n, mach_frame *frame)
{
	uint32_t age = storm.age[n] + 1;
	mach_frame next = mach_frame_take(storm_value(n, age));

	if (*frame != 0)
		CHECK(mapped_pages_unmap(page(n), MACH_PAGE_SIZE) == 1);
	/* Nobody reads the old value from here on. */
	say(&storm.age[n], age);
	if (*frame != 0)
		mach_frame_free(*frame);
	*frame = next;
	map(page(n), next);
}

static void
test_storm(void)
{
	mach_frame frame[STORM_PAGES] = { 0 };

	for (unsigned n = 0; n < STORM_PAGES; n++)
		remap(n, &frame[n]);
	start_others(read_storm, NULL);
	for (struct stint s = { .least = 50 }; stint_on(&s);)
		remap(s.turn % STORM_PAGES, &frame[s.turn % STORM_PAGES]);
	say(&storm.over, 1);
	join_others();
	for (unsigned n = 0; n < STORM_PAGES; n++) {
		CHECK(mapped_pages_unmap(page(n), 1) == 1);
		mach_frame_free(frame[n]);
	}
	CHECK(seen(&storm.reads) != 0 && seen(&storm.stale) == 0);
}

const struct compat_test theseus_rust[] = {
	{ "Rust: pages unmapped are gone on every CPU", "F-T8 INV-S1", 1,
	    test_unmap },
	{ "Rust: each page of a range, and none", "F-T8", 1, test_ranges },
	{ "Rust: the vector knows an NMI of others", "F-T8 F-T3", 1,
	    test_nmis },
	{ "Rust: an interrupt of its own, for nothing", "F-T8 INV-E5", 1,
	    test_interrupt },
	{ "Rust: a frame outlives its last reader", "F-T8 INV-S1 INV-S5", 3,
	    test_late_reader },
	{ "Rust: frames used again under readers", "F-T8 INV-S1 INV-S5", 2,
	    test_storm },
	{ NULL, NULL, 0, NULL }
};
