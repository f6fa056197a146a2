/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.c: key=value words, checked against two tables: the keys, and the
 * names that a key of names takes.
 */
#include <stddef.h>

#include <xcpu/asid.h>

#include "machine.h"
#include "options.h"

#define WORD_MAX	(WORK_PATH_MAX + 16)
#define ITEMS(array)	(sizeof(array) / sizeof((array)[0]))

static const char *const kind_names[] = { "all", "selftest", "storm", "calls",
	"events", "messages", "sync", "control", "replay", "detector", NULL };
static const char *const place_names[] = { "recorded", "spread", NULL };
static const char *const order_names[] = { "strict", "free", NULL };
static const char *const mode_names[] = { "unsaid", "single", "multi", NULL };
static const char *const faults_names[] = { "none", "drop", "deaf", "stuck",
	NULL };
static const char *const kick_names[] = { "irq", "nmi", NULL };
static const char *const switch_names[] = { "off", "on", NULL };
static const char *const form_names[] = { "sync", "gather", "async", "defer",
	"all", NULL };
static const char *const tlb_names[] = { "best", "kick", "broadcast",
	"repeat", NULL };

/* A key takes one of some names, a number up to a maximum, or any text. */
struct key {
	const char *name;
	const char *const *names;
	uint64_t max;
	const char *help;
};

enum key_id { KEY_WORK, KEY_OPS, KEY_SECONDS, KEY_SEED, KEY_RELAX, KEY_PLACE,
	KEY_ORDER, KEY_MODE, KEY_FAULTS, KEY_SELFTEST, KEY_ORACLE, KEY_FORM,
	KEY_LAZY, KEY_ENTRY, KEY_BOUND, KEY_KICK, KEY_TLB, KEY_ASIDS, KEY_OFF,
	KEY_CPUS, KEY_TRACE };

static const struct key keys[] = {
	[KEY_WORK] = { "work", kind_names, 0, "what to run" },
	[KEY_OPS] = { "ops", NULL, 1000000000, "operations of each storm" },
	[KEY_SECONDS] = { "seconds", NULL, 86400, "time for all of it" },
	[KEY_SEED] = { "seed", NULL, UINT64_MAX, "one seed, one run" },
	[KEY_RELAX] = { "relax", NULL, 64, "random pauses per step, at most" },
	[KEY_PLACE] = { "place", place_names, 0, "which CPU a traced thread is on" },
	[KEY_ORDER] = { "order", order_names, 0, "how a trace is kept in order" },
	[KEY_MODE] = { "mode", mode_names, 0, "how the machine is emulated" },
	[KEY_FAULTS] = { "faults", faults_names, 0, "what goes wrong on purpose" },
	[KEY_SELFTEST] = { "selftest", switch_names, 0,
		"the port is tested before work=all" },
	[KEY_ORACLE] = { "oracle", switch_names, 0, "arm and probe" },
	[KEY_FORM] = { "form", form_names, 0, "how what may be late is flushed" },
	[KEY_LAZY] = { "lazy", switch_names, 0, "who idles keeps the root" },
	[KEY_ENTRY] = { "entry", switch_names, 0,
		"who is in user mode catches up as it enters the kernel" },
	[KEY_BOUND] = { "bound", NULL, 1000000, "us that it may take, from 1" },
	[KEY_KICK] = { "kick", kick_names, 0, "what shootdowns interrupt by" },
	[KEY_TLB] = { "tlb", tlb_names, 0, "how others are made to flush" },
	[KEY_ASIDS] = { "asids", NULL, XCPU_ASIDS_MAX, "ASIDs used, at most" },
	[KEY_OFF] = { "off", NULL, 1000,
		"times that CPUs are switched off and on first" },
	[KEY_CPUS] = { "cpus", NULL, XCPU_NCPU_MAX, "how many CPUs" },
	[KEY_TRACE] = { "trace", NULL, 0, "a compiled trace" },
};

const char *
work_kind_name(enum work_kind kind)
{
	return kind_names[kind];
}

const char *
work_form_name(enum work_form form)
{
	return form_names[form];
}

const char *
work_mode_name(enum work_mode mode)
{
	return mode_names[mode];
}

const char *
work_faults_name(enum work_faults faults)
{
	return faults_names[faults];
}

static bool
same(const char *a, const char *b)
{
	size_t i = 0;

	for (; a[i] != '\0' && a[i] == b[i]; i++)
		;
	return a[i] == b[i];
}

static void
print_names(const char *const *names)
{
	for (unsigned i = 0; names[i] != NULL; i++)
		mach_printf("%s%s", i == 0 ? "" : " ", names[i]);
}

static void
print_keys(void)
{
	mach_printf("the words are KEY=VALUE, with these keys:\n");
	for (unsigned i = 0; i < ITEMS(keys); i++) {
		mach_printf("    %-8s %s: ", keys[i].name, keys[i].help);
		if (keys[i].names != NULL)
			print_names(keys[i].names);
		else if (keys[i].max != 0)
			mach_printf("0 to %lu", (unsigned long)keys[i].max);
		else
			mach_printf("a file");
		mach_printf("\n");
	}
}

/* Decimal, or hexadecimal after 0x; false: not a number, or above max. */
static bool
parse_number(const char *text, uint64_t max, uint64_t *out)
{
	unsigned base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
	uint64_t number = 0;

	text += base == 16 ? 2 : 0;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)*text - '0';

		if (digit > 9)
			digit = ((unsigned)*text | 0x20) - 'a' + 10;
		if (digit >= base || number > (max - digit) / base)
			return false;
		number = number * base + digit;
	}
	*out = number;
	return true;
}

static bool
parse_name(const char *text, const char *const *names, uint64_t *out)
{
	for (unsigned i = 0; names[i] != NULL; i++) {
		if (same(text, names[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool
parse_value(const struct key *key, const char *text, uint64_t *out)
{
	if (key->names != NULL)
		return parse_name(text, key->names, out);
	return key->max == 0 ? *text != '\0' :
	    parse_number(text, key->max, out);
}

static void
set_path(char *to, const char *from)
{
	size_t i = 0;

	for (; from[i] != '\0' && i + 1 < WORK_PATH_MAX; i++)
		to[i] = from[i];
	to[i] = '\0';
}

static void
set(struct work_options *options, enum key_id key, uint64_t value,
    const char *text)
{
	switch (key) {
	case KEY_WORK:
		options->work = (enum work_kind)value;
		break;
	case KEY_OPS:
		options->ops = value;
		break;
	case KEY_SECONDS:
		options->seconds = value;
		break;
	case KEY_SEED:
		options->seed = value;
		break;
	case KEY_RELAX:
		options->relax = (unsigned)value;
		break;
	case KEY_PLACE:
		options->place = (enum work_place)value;
		break;
	case KEY_ORDER:
		options->order = (enum work_order)value;
		break;
	case KEY_MODE:
		options->mode = (enum work_mode)value;
		break;
	case KEY_FAULTS:
		options->faults = (enum work_faults)value;
		break;
	case KEY_SELFTEST:
		options->selftest = value != 0;
		break;
	case KEY_ORACLE:
		options->oracle = value != 0;
		break;
	case KEY_FORM:
		options->form = (enum work_form)value;
		break;
	case KEY_LAZY:
		options->lazy = value != 0;
		break;
	case KEY_ENTRY:
		options->entry = value != 0;
		break;
	case KEY_BOUND:
		options->bound_us = value != 0 ? value : 1;
		break;
	case KEY_KICK:
		options->kick_nmi = value != 0;
		break;
	case KEY_TLB:
		options->tlb = (enum work_tlb)value;
		break;
	case KEY_ASIDS:
		options->asids = value;
		break;
	case KEY_OFF:
		options->off = (unsigned)value;
		break;
	case KEY_CPUS:
		options->cpus = (unsigned)value;
		break;
	case KEY_TRACE:
		set_path(options->trace, text);
		break;
	}
}

static int
parse_word(char *word, struct work_options *options)
{
	char *text = word;
	uint64_t value = 0;

	while (*text != '=' && *text != '\0')
		text++;
	if (*text == '=')
		*text++ = '\0';
	for (unsigned i = 0; i < ITEMS(keys); i++) {
		if (!same(word, keys[i].name))
			continue;
		if (parse_value(&keys[i], text, &value)) {
			set(options, (enum key_id)i, value, text);
			return 0;
		}
		mach_printf("%s=%s: not a value of this key; ", word, text);
		print_keys();
		return -1;
	}
	mach_printf("'%s' is not a key; ", word);
	print_keys();
	return -1;
}

bool
work_selftest_first(const struct work_options *options)
{
	return options->selftest && options->work == WORK_ALL &&
	    options->faults == WORK_FAULTS_NONE;
}

int
work_options_parse(const char *words, struct work_options *options)
{
	char word[WORD_MAX];
	size_t len;

	*options = (struct work_options){ .selftest = true, .oracle = true,
		.seed = 1, .relax = 4, .lazy = true, .entry = true,
		.bound_us = 4000, .asids = XCPU_ASIDS_MAX };
	for (;;) {	/* ends: at the end of the words */
		while (*words == ' ' || *words == '\t' || *words == '\n')
			words++;
		if (*words == '\0')
			return 0;
		for (len = 0; *words != '\0' && *words != ' ' &&
		    *words != '\t' && *words != '\n'; words++) {
			if (len + 1 == sizeof(word)) {
				mach_printf("a word of more than %u characters\n",
				    WORD_MAX - 1);
				return -1;
			}
			word[len++] = *words;
		}
		word[len] = '\0';
		if (parse_word(word, options) != 0)
			return -1;
	}
}
