/* SPDX-License-Identifier: BSD-2-Clause */
/* life_test.c: domains, and what CPUs are asked and told about themselves. */
#include "suite.h"

/* A domain of its own, of CPUs that are nobody. */
static struct xcpu_domain domain;
static struct xcpu_cpu block;

/* Kills: sizes and options not checked. */
static void
domain_init(struct selftest *t)
{
	EXPECT_EQ(t, xcpu_domain_init(&domain, &block, XCPU_NCPU_MAX + 1),
	    -XCPU_E2BIG);
	EXPECT_EQ(t, xcpu_domain_init(&domain, &block, 0), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_domain_init(NULL, &block, 1), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_domain_init(&domain, NULL, 1), -XCPU_EINVAL);
	EXPECT_EQ(t, xcpu_domain_init_checked(&domain, &block, 1,
	    XCPU_CONFIG_HASH + 1), -XCPU_EINVAL);
	domain = (struct xcpu_domain){ .ncpu = 0 };
	block = (struct xcpu_cpu){ .index = 0 };
	EXPECT_EQ(t, xcpu_domain_init(&domain, &block, 1), 0);
	EXPECT(t, !xcpu_cpu_ready(&domain, 0));
	/* That CPU is not the one we are on. */
	EXPECT_EQ(t, xcpu_cpu_online(&block), -XCPU_EINVAL);
	EXPECT(t, !xcpu_cpu_ready(&domain, 0));
}

/* Kills: an index that is not checked; a set beyond the CPUs there are. */
static void
cpu_ready(struct selftest *t)
{
	struct xcpu_cpuset set;

	xcpu_cpu_online_set(t->host->domain, &set);
	EXPECT_SET(t, &set, &t->all);
	for_each_cpu (cpu, &t->all)
		EXPECT(t, xcpu_cpu_ready(t->host->domain, cpu));
	EXPECT(t, !xcpu_cpu_ready(t->host->domain, t->ncpu));
	EXPECT(t, !xcpu_cpu_ready(t->host->domain, XCPU_NCPU_MAX));
	EXPECT(t, !xcpu_cpu_ready(t->host->domain, UINT32_MAX));
	EXPECT_EQ(t, xcpu_cpu_index(), t->self);
}

/* Kills: a second online that would reset what is pending. */
static void
online_twice(struct selftest *t)
{
	unsigned long state = xcpu_port_irq_save();

	EXPECT_EQ(t, xcpu_cpu_online(xcpu_port_self()), -XCPU_EBUSY);
	EXPECT_EQ(t, xcpu_cpu_online(&block), -XCPU_EINVAL);
	xcpu_port_irq_restore(state);
	EXPECT(t, xcpu_cpu_ready(t->host->domain, t->self));
}

static bool
same_text(const char *a, const char *b)
{
	/* ends: with the shorter text */
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

static void
error_texts(struct selftest *t)
{
	static const int errors[] = {
		XCPU_EPERM, XCPU_ENOENT, XCPU_ENXIO, XCPU_E2BIG, XCPU_EAGAIN,
		XCPU_EBUSY, XCPU_EINVAL, XCPU_ENOSPC, XCPU_EDEADLK,
		XCPU_ENOSYS, XCPU_ETIMEDOUT, XCPU_ECANCELED
	};
	const char *none = xcpu_strerror(9999);

	for (unsigned i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const char *text = xcpu_strerror(errors[i]);

		EXPECT(t, !same_text(text, none));
		EXPECT(t, same_text(text, xcpu_strerror(-errors[i])));
	}
}

static const struct selftest_case cases[] = {
	{ "domain_init", "F-N1", "xcpu_port_self", domain_init, 0, 1, 0 },
	{ "cpu_ready", "F-N1 BUG-60", "xcpu_port_self", cpu_ready, 0, 1, 0 },
	{ "online_twice", "F-N1", "xcpu_port_self", online_twice, 0, 1, 0 },
	{ "error_texts", "", "nothing of the port", error_texts, 0, 1, 0 },
};

SELFTEST_GROUP(selftest_life, cases);
