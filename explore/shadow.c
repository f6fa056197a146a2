/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shadow.c: the memory image, and which of its words matter.
 *
 * Most words of the library belong to one CPU: an access to one of these needs
 * no history and is no scheduling point.  Which ones do is not declared but
 * found out: a word is private until a second CPU touches it, in any execution
 * of the program; then it is shared, and the search begins again from nothing,
 * for what it visited so far it visited under a wrong assumption.  As no
 * execution of the final search touches a private word from two CPUs, the
 * assumption then holds for all of them.
 *
 * A word that one CPU touches both in thread context and in an interrupt is its
 * OWN: no history, but a point where the interrupt may come.
 */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char __start_explore_data[];
extern char __stop_explore_data[];

#define IMAGE_MAX	(256 * 1024)
#define UNIT		4

static char saved[IMAGE_MAX] __attribute__((aligned(64)));
static struct word words[IMAGE_MAX / UNIT];
static unsigned news;

static size_t
image_size(void)
{
	return (size_t)(__stop_explore_data - __start_explore_data);
}

bool
shadow_has(const void *p)
{
	return (size_t)((const char *)p - __start_explore_data) < image_size();
}

size_t
shadow_offset(const void *p)
{
	return (size_t)((const char *)p - __start_explore_data);
}

struct word *
shadow_word(const void *p)
{
	if (unlikely(!shadow_has(p)))
		cpu_fail("an atomic access to memory outside of EXPLORE_DATA");
	return &words[shadow_offset(p) / UNIT];
}

struct loc *
shadow_loc(const struct word *word)
{
	return &eng.loc[word->loc];
}

static void
share(struct word *word, char *p, unsigned size)
{
	struct loc *loc;

	if (eng.nlocs == LOCS)
		cpu_fail("more than %d shared words: make the program smaller",
		    LOCS);
	loc = &eng.loc[eng.nlocs];
	word->kind = WORD_SHARED;
	word->loc = (uint8_t)eng.nlocs++;
	loc->id = (uint8_t)(CPUS + word->loc);
	loc->size = (uint8_t)size;
	loc->address = p;
	news++;
}

void
shadow_share(size_t offset, unsigned size)
{
	struct word *word = &words[offset / UNIT];

	if (offset < image_size() && word->kind != WORD_SHARED)
		share(word, __start_explore_data + offset, size);
}

#define CONTEXTS 3

/* Bits per CPU: thread, interrupt, NMI. */
static unsigned
touching(const struct cpu *cpu)
{
	unsigned context = cpu->nmi ? 2 : cpu->nested != 0;

	return 1u << (CONTEXTS * cpu->index + context);
}

static enum word_kind
kind_by(unsigned touched)
{
	if ((touched & (touched - 1)) == 0)
		return WORD_PRIVATE;
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		if ((touched & ~(7u << CONTEXTS * cpu)) == 0)
			return WORD_OWN;
	return WORD_SHARED;
}

enum word_kind
shadow_touch(struct word *word, const void *p, unsigned size)
{
	unsigned bit = touching(eng.me);
	enum word_kind kind;

	if (likely((word->touched & bit) != 0))
		return (enum word_kind)word->kind;
	word->touched |= (uint16_t)bit;
	kind = word->watched ? WORD_SHARED : kind_by(word->touched);
	if (kind == (enum word_kind)word->kind)
		return kind;
	if (kind == WORD_SHARED)
		share(word, (char *)(uintptr_t)p, size);
	else if (word->kind == WORD_PRIVATE)
		word->kind = (uint8_t)kind, news++;
	else
		return (enum word_kind)word->kind;
	cpu_abandon(GREW);
}

void
shadow_watch(const char *object, size_t size)
{
	bool known = true;

	for (size_t i = 0; i < size; i += UNIT) {
		struct word *word = shadow_word(object + i);

		known = known && word->watched;
		word->watched = true;
		if (word->kind != WORD_SHARED)
			word->touched = 0;
	}
	if (!known) {
		news++;
		cpu_abandon(GREW);
	}
}

unsigned
shadow_count(void)
{
	return news;
}

void
shadow_begin(void)
{
	memset(words, 0, sizeof(words));
	eng.nlocs = 0;
	news = 0;
}

/* Before setup(): memory as the program file has it. */
void
shadow_blank(void)
{
	static char first[IMAGE_MAX];
	static bool kept;

	if (image_size() > IMAGE_MAX) {
		fprintf(stderr, "xcpu-explore: EXPLORE_DATA is too large\n");
		exit(2);
	}
	if (!kept)
		memcpy(first, __start_explore_data, image_size());
	else
		memcpy(__start_explore_data, first, image_size());
	kept = true;
}

void
shadow_save(void)
{
	memcpy(saved, __start_explore_data, image_size());
}

void
shadow_restore(void)
{
	memcpy(__start_explore_data, saved, image_size());
}

uint64_t
raw_load(const void *p, unsigned size)
{
	return size == 8 ? *(const uint64_t *)p : *(const uint32_t *)p;
}

void
raw_store(void *p, unsigned size, uint64_t v)
{
	if (size == 8)
		*(uint64_t *)p = v;
	else
		*(uint32_t *)p = (uint32_t)v;
}
