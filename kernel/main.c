/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c: from the loader's facts to running work, in the order in which one
 * part needs the other.
 */
#include "kernel.h"
#include "options.h"
#include "work.h"

#define TICK_HZ_MAX	250
#define TICKS_TOTAL	4000	/* per second on all CPUs: emulation is slow */

bool one_thread;

static unsigned
tick_hz(void)
{
	unsigned hz = TICKS_TOTAL / ncpu;

	/* Of more, QEMU looks at each whenever one is interrupted. */
	if (ncpu > MACH_CPUS_FEW)
		hz = hz * MACH_CPUS_FEW / ncpu;
	if (hz == 0)
		return 1;
	return hz < TICK_HZ_MAX ? hz : TICK_HZ_MAX;
}

static const void *
module_map(const struct boot_info *boot)
{
	return boot->module_len != 0 ? phys_to_virt(boot->module_phys) : NULL;
}

/* Each CPU goes on to park(). */
void
kernel_main_ap(struct cpu *cpu)
{
	tick_start(tick_hz());
	port_online(cpu);
	__atomic_store_n(&cpu->started, 1, __ATOMIC_RELEASE);
	park();
}

static bool
run(const struct boot_info *boot, const struct work_options *options)
{
	bool good;

	power_cycle(options->off);
	faults_set(options);
	if (options->work == WORK_SELFTEST)
		return conform_run(false);
	if (work_selftest_first(options) && !conform_run(true))
		return false;
	good = work_main(boot->command_line, module_map(boot),
	    boot->module_len) == 0;
	faults_print();
	return good;
}

/* What the words say about the machine itself. */
static void
words_read(const struct boot_info *boot, struct work_options *options)
{
	if (work_options_parse(boot->command_line, options) != 0 ||
	    !tlb_set(options))
		arch_exit(false);
	one_thread = options->mode == WORK_MODE_SINGLE;
	asids_limit(options->asids);
}

void
kernel_main(const struct boot_info *boot)
{
	struct work_options options;
	unsigned left_out;

	words_read(boot, &options);
	frames_init(boot->free_start, boot->free_end);
	paging_init(boot->ram_start, boot->ram_end);
	left_out = cpus_find(boot->firmware_table);
	cpu_init(&cpus[0]);
	clock_init();
	port_init();
	port_online(&cpus[0]);
	tick_start(tick_hz());
	cpus_start();
	irq_on();
	mach_printf("kernel: %u CPUs, %lu MiB of frames, %u ticks per second\n",
	    ncpu, mach_frames_left() >> (20 - MACH_PAGE_SHIFT), tick_hz());
	if (left_out != 0)
		mach_printf("kernel: %u more CPUs left out: " CPUS_LEFT_OUT "\n",
		    left_out);
	arch_exit(run(boot, &options));
}
