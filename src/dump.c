/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump.c: what every CPU is about, without locks, for panics and debuggers.
 *
 * Every word is read once, relaxed: the CPUs may be running, or stopped
 * anywhere.
 */
#include "internal.h"
#include "text.h"

void XCPUI_COLD
xcpui_put(struct xcpui_text *t, const char *s)
{
	for (unsigned i = 0; t->len + 1 < sizeof(t->buf) && s[i] != '\0'; i++)
		t->buf[t->len++] = s[i];
	t->buf[t->len] = '\0';
}

void XCPUI_COLD
xcpui_put_number(struct xcpui_text *t, uint64_t n, unsigned base)
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
	xcpui_put(t, &digits[i]);
}

void XCPUI_COLD
xcpui_put_named(struct xcpui_text *t, const char *name, uint64_t n)
{
	xcpui_put(t, name);
	xcpui_put_number(t, n, 10);
}

static void XCPUI_COLD
put_lane(struct xcpui_text *t, unsigned lane)
{
	static const char names[][9] = {
		" STOP", " FLUSH", " CALL", " EVENT", " MSG", " POLLING"
	};
	static const char states[][8] = {
		"off", "ready", "leaving", "lazy"
	};

	xcpui_put(t, states[(lane & XCPU_LANE_STATE) >> 6]);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((lane >> i & 1) != 0)
			xcpui_put(t, names[i]);
}

static void XCPUI_COLD
put_activity(struct xcpui_text *t, const struct xcpu_cpu *cpu)
{
	/* rlx: a picture, from here to the end of the file */
	uintptr_t fn = (uintptr_t)xcpu_load_rlx(&cpu->running.fn);
	uint32_t kind = xcpu_load_rlx(&cpu->waiting.kind); /* rlx: picture */

	if (fn != 0) {
		xcpui_put(t, ", runs 0x");
		xcpui_put_number(t, fn, 16);
		/* rlx: picture */
		xcpui_put_named(t, " for cpu ", xcpu_load_rlx(&cpu->running.source));
	}
	if (kind != XCPU_WAIT_NONE) {
		xcpui_put(t, ", waits in a ");
		xcpui_put(t, xcpu_wait_name((enum xcpu_wait_kind)kind));
		/* rlx: picture */
		xcpui_put_named(t, " for cpu ", xcpu_load_rlx(&cpu->waiting.target));
	}
}

static void XCPUI_COLD
put_slots(struct xcpui_text *t, const struct xcpu_cpu *cpu)
{
	for (unsigned i = 0; i < XCPU_CALL_SLOTS; i++) {
		uint64_t open = 0;
		uint64_t todo = 0;

		for (unsigned w = 0; w < cpu->domain->nwords; w++) {
			/* rlx: picture, both */
			open |= xcpu_load_rlx(&cpu->call.slot[i].part[w].open);
			/* rlx: picture */
			todo |= xcpu_load_rlx(&cpu->call.slot[i].part[w].todo);
		}
		if (open == 0)
			continue;
		xcpui_put_named(t, ", call slot ", i);
		xcpui_put(t, todo != 0 ? " not begun" : " running");
	}
}

void XCPUI_COLD
xcpu_dump(const struct xcpu_domain *domain,
    void (*line)(void *to, const char *text), void *to)
{
	for (unsigned i = 0; i < domain->ncpu; i++) {
		const struct xcpu_cpu *cpu = &domain->cpus[i];
		struct xcpui_text t;

		t.len = 0;
		xcpui_put_named(&t, "cpu ", i);
		xcpui_put(&t, ": ");
		put_lane(&t, xcpui_lane_look(domain, i));
		/* rlx: picture */
		xcpui_put_named(&t, ", looked ", xcpu_load_rlx(&cpu->claims));
		xcpui_put(&t, " times");
		put_activity(&t, cpu);
		put_slots(&t, cpu);
		line(to, t.buf);
	}
}
