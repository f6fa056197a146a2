/* SPDX-License-Identifier: 0BSD */
#include "host.h"		/* the threads port: threads play CPUs */

static void
greet(void *arg)
{
	mach_printf("CPU %u: %s\n", xcpu_cpu_index(), (const char *)arg);
}

static void
cpu_main(unsigned cpu, void *arg)
{
	if (cpu == 0 && xcpu_call_all(greet, arg, NULL) == 0)
		mach_printf("all have answered\n");
}

int
main(void)
{
	static char text[] = "hello from CPU 0";
	struct host_config config = { .ncpu = 4 };
	const char *why = host_start(&config);

	if (why != NULL)
		return mach_printf("%s\n", why), 1;
	mach_run_all(cpu_main, text);
	host_stop();
	return 0;
}
