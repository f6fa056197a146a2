/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port.c: the hooks that speak: panic and the stall report.
 *
 * They may run in a signal handler, above a thread that holds any lock: each
 * line is formatted on the stack and written by one system call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

#define LINE_BYTES	1024
#define CPUS_NAMED	16	/* of those a report could list */

uint32_t xcpu_linux_yield_mask;

/* First byte of the program: addresses less this are what addr2line takes. */
extern const char __executable_start[];

void
xcpu_linux_yield(void)
{
	sched_yield();
}

static void
write_all(const char *text, size_t len)
{
	int error = errno;

	/* ends: all is written, or nobody reads any more */
	while (len != 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			break;
		}
	}
	errno = error;
}

void
host_vprint(const char *fmt, va_list args)
{
	char line[LINE_BYTES];
	int len = vsnprintf(line, sizeof(line), fmt, args);

	if (len >= (int)sizeof(line))
		len = (int)sizeof(line) - 1;
	if (len > 0)
		write_all(line, (size_t)len);
}

void
host_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	host_vprint(fmt, args);
	va_end(args);
}

/* ---- panic ---- */

static void
dump_line(void *to, const char *text)
{
	(void)to;
	host_print("  %s\n", text);
}

/* V=1 leaves a core file behind instead of an exit status. */
_Noreturn static void
die(void)
{
	const char *verbose = getenv("V");

	if (verbose != NULL && strcmp(verbose, "1") == 0)
		abort();
	_exit(HOST_EXIT_PANIC);
}

/* The first to come prints; a second panic, or one in the dump, does not. */
_Noreturn static void
dump_and_die(void)
{
	static uint32_t panicking;

	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_RELAXED) == 0) {
		if (host.domain.ncpu != 0) {
			xcpu_dump(&host.domain, dump_line, NULL);
			xcpu_dump_cycle(&host.domain, dump_line, NULL);
		}
		die();
	}
	sleep(1);
	die();
}

void
xcpu_port_panic(const char *text, const char *file, int line)
{
	xcpu_port_irq_save();
	host_print("panic: CPU %u: %s (%s:%d)\n", xcpu_cpu_index(), text, file,
	    line);
	dump_and_die();
}

void
host_panic(const char *fmt, ...)
{
	char text[LINE_BYTES / 2];
	va_list args;

	xcpu_port_irq_save();
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	host_print("panic: CPU %u: %s\n", xcpu_cpu_index(), text);
	dump_and_die();
}

/* ---- stall ---- */

static unsigned long
ms(uint64_t ns)
{
	return (unsigned long)(ns / 1000000);
}

static unsigned long
place_of(void (*fn)(void *))
{
	return (unsigned long)((uintptr_t)fn - (uintptr_t)__executable_start);
}

/* "1 4 7": the members of a set, as far as they fit. */
static void
list_cpus(const struct xcpu_cpuset *set, char *text, size_t room)
{
	unsigned named = 0;
	size_t used = 0;

	text[0] = '\0';
	for (unsigned cpu = xcpu_cpuset_first(set); cpu < XCPU_NCPU_MAX;
	    cpu = xcpu_cpuset_next(set, cpu)) {
		if (++named > CPUS_NAMED || used + 8 > room) {
			snprintf(text + used, room - used, " ...");
			return;
		}
		used += (size_t)snprintf(text + used, room - used, "%s%u",
		    named > 1 ? " " : "", cpu);
	}
}

static void
print_lane(const struct xcpu_stall_target *target)
{
	static const char *const class_name[XCPU_NCLASS] = {
		"STOP", "FLUSH", "CALL", "EVENT", "MSG"
	};
	static const char *const state_name[] = {
		"off", "ready", "leaving", "lazy"
	};
	char classes[64] = "";

	for (unsigned i = 0; i < XCPU_NCLASS; i++) {
		if (target->lane >> i & 1) {
			strcat(classes, " ");
			strcat(classes, class_name[i]);
		}
	}
	host_print("stall: CPU %u is %s, not taken:%s%s; it looked %lu times\n",
	    target->cpu, state_name[target->lane >> 6 & 3],
	    classes[0] != '\0' ? classes : " nothing",
	    target->lane & XCPU_LANE_POLLING ? ", polling" : "",
	    (unsigned long)target->claims);
}

static void
print_running(const struct xcpu_stall_target *target)
{
	char source[16] = "others";

	if (target->source < host.ncpu)
		snprintf(source, sizeof(source), "CPU %u", target->source);
	host_print("stall: CPU %u has run program+0x%lx (argument 0x%lx) for %s "
	    "for %lu ms\n", target->cpu, place_of(target->fn),
	    (unsigned long)(uintptr_t)target->arg, source,
	    ms(target->running_ns));
}

static void
print_target(const struct xcpu_stall_target *target)
{
	print_lane(target);
	if (target->fn != NULL)
		print_running(target);
	else
		host_print("stall: CPU %u runs nothing for others\n",
		    target->cpu);
	if (target->waits != XCPU_WAIT_NONE)
		host_print("stall: CPU %u itself has waited %lu ms for CPU %u "
		    "(%s)\n", target->cpu, ms(target->waiting_ns),
		    target->waits_for, xcpu_wait_name(target->waits));
}

static void
print_cycle(const struct xcpu_stall *report)
{
	struct xcpu_cycle cycle;
	unsigned n = xcpu_stall_cycle(report, &cycle);

	for (unsigned i = 0; i < n && i < XCPU_CYCLE_MAX; i++)
		host_print("stall: cycle: CPU %u waits for CPU %u (%s)\n",
		    cycle.wait[i].cpu,
		    cycle.wait[(i + 1) % XCPU_CYCLE_MAX % n].cpu,
		    xcpu_wait_name(cycle.wait[i].kind));
}

enum xcpu_stall_policy
xcpu_port_stall(const struct xcpu_stall *report)
{
	char missing[CPUS_NAMED * 8];

	if (host.judge != NULL)
		return host.judge(report, host.judge_arg);
	list_cpus(&report->missing, missing, sizeof(missing));
	host_print("REPORT stall: CPU %u has waited %lu ms for CPU %s (%s; "
	    "report %u, %u kicks sent again)\n", report->waiter,
	    ms(report->waited_ns), missing, xcpu_wait_name(report->kind),
	    report->report, report->rekicks);
	if (report->fn != NULL)
		host_print("stall: the function is program+0x%lx\n",
		    place_of(report->fn));
	if (report->nmissing != 0)
		print_target(&report->first);
	print_cycle(report);
	if (host.stall_limit != 0 && report->report >= host.stall_limit)
		return XCPU_STALL_PANIC;
	return host.stall_policy;
}
