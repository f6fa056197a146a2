/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump.c: what every CPU is about, without locks, for panics and debuggers.
 *
 * Every word is read once, relaxed: the CPUs may be running, or stopped
 * anywhere.
 */
#include "internal.h"

/* A line under construction; what does not fit is cut off. */
struct text {
	char buf[121];
	unsigned len;
};

static void XCPUI_COLD
put(struct text *t, const char *s)
{
	for (unsigned i = 0; t->len + 1 < sizeof(t->buf) && s[i] != '\0'; i++)
		t->buf[t->len++] = s[i];
	t->buf[t->len] = '\0';
}

static void XCPUI_COLD
put_number(struct text *t, uint64_t n, unsigned base)
{
	char digits[21];
	unsigned i = sizeof(digits) - 1;

	digits[i] = '\0';
	for (unsigned room = i; room > 0; room--) {
		digits[--i] = "0123456789abcdef"[n % base];
		n /= base;
		if (n == 0)
			break;
	}
	put(t, &digits[i]);
}

static void XCPUI_COLD
put_lane(struct text *t, unsigned lane)
{
	static const char names[][9] = {
		" STOP", " FLUSH", " CALL", " EVENT", " MSG", " POLLING"
	};
	static const char states[][8] = {
		"off", "ready", "leaving", "lazy"
	};

	put(t, states[(lane & XCPU_LANE_STATE) >> 6]);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((lane >> i & 1) != 0)
			put(t, names[i]);
}

static void XCPUI_COLD
put_activity(struct text *t, const struct xcpu_cpu *cpu)
{
	/* rlx: a picture, from here to the end of the file */
	uintptr_t fn = (uintptr_t)xcpu_load_rlx(&cpu->running.fn);
	uint32_t kind = xcpu_load_rlx(&cpu->waiting.kind); /* rlx: picture */

	if (fn != 0) {
		put(t, ", runs 0x");
		put_number(t, fn, 16);
		put(t, " for cpu ");
		/* rlx: picture */
		put_number(t, xcpu_load_rlx(&cpu->running.source), 10);
	}
	if (kind != XCPU_WAIT_NONE) {
		put(t, ", waits in a ");
		put(t, xcpu_wait_name((enum xcpu_wait_kind)kind));
		put(t, " for cpu ");
		/* rlx: picture */
		put_number(t, xcpu_load_rlx(&cpu->waiting.target), 10);
	}
}

static void XCPUI_COLD
put_slots(struct text *t, const struct xcpu_cpu *cpu)
{
	for (unsigned i = 0; i < XCPU_CALL_SLOTS; i++) {
		uint64_t open = 0;
		uint64_t todo = 0;

		for (unsigned w = 0; w < cpu->domain->nwords; w++) {
			/* rlx: picture, both */
			open |= xcpu_load_rlx(&cpu->call.slot[i].open[w]);
			/* rlx: picture */
			todo |= xcpu_load_rlx(&cpu->call.slot[i].todo[w]);
		}
		if (open == 0)
			continue;
		put(t, ", call slot ");
		put_number(t, i, 10);
		put(t, todo != 0 ? " not begun" : " running");
	}
}

void XCPUI_COLD
xcpu_dump(const struct xcpu_domain *domain,
    void (*line)(void *to, const char *text), void *to)
{
	for (unsigned i = 0; i < domain->ncpu; i++) {
		const struct xcpu_cpu *cpu = &domain->cpus[i];
		struct text t;

		t.len = 0;
		put(&t, "cpu ");
		put_number(&t, i, 10);
		put(&t, ": ");
		put_lane(&t, xcpui_lane_look(domain, i));
		put(&t, ", looked ");
		/* rlx: picture */
		put_number(&t, xcpu_load_rlx(&cpu->claims), 10);
		put(&t, " times");
		put_activity(&t, cpu);
		put_slots(&t, cpu);
		line(to, t.buf);
	}
}
