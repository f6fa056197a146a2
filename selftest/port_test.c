/* SPDX-License-Identifier: BSD-2-Clause */
/* port_test.c: the hooks by themselves, before anything is built on them. */
#include "suite.h"

/* Kills: xcpu_port_irq_restore() that opens whatever the state was. */
static void
port_mask(struct selftest *t)
{
	unsigned long outer, inner;

	EXPECT_EQ(t, xcpu_port_context() & XCPU_CTX_MASKED, 0);
	outer = xcpu_port_irq_save();
	EXPECT_EQ(t, xcpu_port_context() & XCPU_CTX_MASKED, XCPU_CTX_MASKED);
	inner = xcpu_port_irq_save();
	xcpu_port_irq_restore(inner);
	EXPECT_EQ(t, xcpu_port_context() & XCPU_CTX_MASKED, XCPU_CTX_MASKED);
	xcpu_port_irq_restore(outer);
	EXPECT_EQ(t, xcpu_port_context() & XCPU_CTX_MASKED, 0);
}

static void
port_lock(struct selftest *t)
{
	t->host->lock();
	EXPECT_EQ(t, xcpu_port_context() & XCPU_CTX_LOCKED, XCPU_CTX_LOCKED);
	t->host->unlock();
	EXPECT_EQ(t, xcpu_port_context() & XCPU_CTX_LOCKED, 0);
}

static void
port_clock(struct selftest *t)
{
#if XCPU_PORT_LEVEL >= 2
	uint64_t first = xcpu_port_now_ns(), last = first, next;

	/* bounded: a clock that stands still */
	for (unsigned i = 0; i < 1u << 24 && last - first < 1000000; i++) {
		next = xcpu_port_now_ns();
		if (!EXPECT(t, next >= last))
			return;
		last = next;
	}
	EXPECT(t, last - first >= 1000000);
#else
	(void)t;
#endif
}

static struct {
	unsigned cpu[XCPU_NCPU_MAX];
	unsigned context[XCPU_NCPU_MAX];
	struct xcpu_au32 ran;
} self;

static void
note_self(void *arg)
{
	unsigned cpu = (unsigned)(uintptr_t)arg;

	self.cpu[cpu] = xcpu_cpu_index();
	self.context[cpu] = xcpu_port_context();
	count_up(&self.ran);
}

/* Each CPU knows its own name, in a thread and in a handler. */
static void
port_self(struct selftest *t)
{
	for_each_cpu (cpu, &t->all) {
		void *arg = (void *)(uintptr_t)cpu;

		t->cpu = cpu;
		self.cpu[cpu] = XCPU_NCPU_MAX;
		if (!selftest_on(t, cpu, note_self, arg))
			return;
		EXPECT_EQ(t, self.cpu[cpu], cpu);
		EXPECT_EQ(t, self.context[cpu], 0);
	}
}

static void
port_nmi(struct selftest *t)
{
	unsigned long state = xcpu_port_irq_save();

	self.cpu[t->self] = XCPU_NCPU_MAX;
	selftest_nmi_run(t, t->self, note_self, (void *)(uintptr_t)t->self);
	xcpu_port_irq_restore(state);
	EXPECT_EQ(t, self.cpu[t->self], t->self);
	EXPECT_EQ(t, self.context[t->self] & XCPU_CTX_NMI, XCPU_CTX_NMI);
}

static const struct selftest_case cases[] = {
	{ "port_mask", "", "xcpu_port_irq_save, xcpu_port_context",
	    port_mask, 0, 1, 0 },
	{ "port_lock", "", "xcpu_port_context, lock()",
	    port_lock, 0, 1, NEED_LOCK },
	{ "port_clock", "", "xcpu_port_now_ns", port_clock, 2, 1, 0 },
	{ "port_self", "", "xcpu_port_self, thread()",
	    port_self, 0, 1, NEED_THREAD },
	{ "port_nmi", "", "xcpu_port_context, nmi()",
	    port_nmi, 4, 1, NEED_NMI },
};

SELFTEST_GROUP(selftest_port, cases);
