/* SPDX-License-Identifier: BSD-2-Clause */
/* netbsd_main.c: the program, its driver, and what the other files share. */
#include <stdlib.h>
#include <string.h>

#include "netbsd_driver.h"
#include "netbsd_test.h"

uint32_t warnings;

void *
kmem_zalloc(size_t size, unsigned int flags)
{
	(void)flags;
	return calloc(1, size);
}

void
kmem_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

static void
console(const char *text)
{
	(void)text;
	count(&warnings);
}

void
note_run(void *arg)
{
	struct runs *runs = arg;

	if ((xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		count(&runs->bad);
	count(&runs->on[cpu_index(curcpu())]);
}

void
clear_runs(struct runs *runs)
{
	memset(runs, 0, sizeof(*runs));
}

bool
ran_once_on_all_but(const struct runs *runs, unsigned cpu)
{
	for (unsigned i = 0; i < (unsigned)ncpu; i++)
		if (seen(&runs->on[i]) != (i != cpu))
			return false;
	return true;
}

/* ---- the driver ---- */

static void
test_driver(void)
{
	unsigned long sum = 0;

	if (!CHECK(pcq_attach() == 0))
		return;
	for (unsigned cpu = 0; cpu < (unsigned)ncpu; cpu++)
		pcq_kick(cpu);		/* which leaves the own one out */
	for (unsigned cpu = 1; cpu < (unsigned)ncpu; cpu++)
		AWAIT(pcq_read_one(cpu) == 1);
	pcq_kick_users();
	AWAIT(pcq_read_sum(true) == 2 * (unsigned long)ncpu - 1);
	pcq_kick_all(true);
	pcq_kick_all(false);
	CHECK(pcq_rung(0) == 2);
	/* Of two broadcasts the second may have met the first. */
	AWAIT(pcq_read_sum(false) >= 3 * (unsigned long)ncpu - 1);
	pcq_detach();
	for (unsigned cpu = 0; cpu < (unsigned)ncpu; cpu++)
		sum += pcq_rung(cpu);
	CHECK(sum <= 4 * (unsigned long)ncpu - 2);
	CHECK(pcq_read_sum(false) == sum);
}

static void
begin(void)
{
	ipi_console = console;
	ipi_sysinit();
	cpu_infos_init(mach_ncpu());
	ipi_percpu_init();
}

static const struct compat_test driver[] = {
	{ "a driver written from the manual page", "F-N12", 1, test_driver },
	{ NULL, NULL, 0, NULL }
};

int
main(int argc, char **argv)
{
	static const struct compat_suite suite = {
		.begin = begin,
		.tests = { netbsd_behaviours, driver, netbsd_async, netbsd_sync },
	};

	return compat_main(argc, argv, &suite);
}
