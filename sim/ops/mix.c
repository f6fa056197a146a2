/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mix.c: the random workloads: which operations, how often.
 */
#include "ops.h"

struct weight {
	ops_fn *op;
	unsigned weight;
};

static void
setup(void)
{
	ops_call_reset();
	ops_event_reset();
	ops_msg_reset();
	ops_memory_reset();
	ops_late_reset();
	ops_sync_reset();
}

static void
check(void)
{
	ops_call_check();
	ops_event_check();
	ops_msg_check();
	ops_late_check();
	ops_sync_check();
}

static void
in_nmi(unsigned cpu)
{
	(void)cpu;
	ops_event_nmi();
}

static void
draw_one(const struct weight *list)
{
	unsigned sum = 0;
	unsigned draw;

	for (unsigned i = 0; list[i].op != NULL; i++)
		sum += list[i].weight;
	draw = sim_random(sum);
	for (unsigned i = 0; list[i].op != NULL; i++) {
		if (draw < list[i].weight) {
			list[i].op();
			return;
		}
		draw -= list[i].weight;
	}
}

static void
run_list(const struct weight *list)
{
	for (unsigned i = 0; i < sim_ops(); i++)
		draw_one(list);
	ops_call_settle();
	ops_event_settle();
	ops_msg_settle();
	ops_late_settle();
}

static void
setup_devices(void)
{
	setup();
	ops_device_setup();
}

static void
setup_users(void)
{
	setup();
	sim_user_init();
}

static void
setup_reports(void)
{
	setup();
	sim_user_init();
	sim_report_init();
}

/* A workload: its name, one line, and the list of its operations. */
#define WORKLOAD(id, text, ...)						\
	WORKLOAD_FROM(id, text, setup, __VA_ARGS__)
#define WORKLOAD_FROM(id, text, begin, ...)				\
	WORKLOAD_ON(false, id, text, begin, __VA_ARGS__)
#define WORKLOAD_ON(is_early, id, text, begin, ...)			\
	static const struct weight id##_list[] = {			\
		__VA_ARGS__, { NULL, 0 }				\
	};								\
	static void							\
	id##_main(unsigned cpu)						\
	{								\
		(void)cpu;						\
		run_list(id##_list);					\
	}								\
	SIM_SCENARIO(id) = {						\
		.name = #id, .what = text,				\
		.min_cpus = 2, .max_cpus = 8, .early = is_early,	\
		.setup = begin, .main = id##_main, .nmi = in_nmi,	\
		.check = check,						\
	}

WORKLOAD(storm, "everything at once",
    { ops_call, 6 }, { ops_deadline, 4 }, { ops_start, 4 },
    { ops_event, 6 }, { ops_register, 1 }, { ops_unregister, 1 },
    { ops_msg, 8 }, { ops_flush, 6 }, { ops_tables, 2 }, { ops_kernel, 2 },
    { ops_switch, 4 }, { ops_lazy, 3 }, { ops_touch, 8 },
    { ops_spaces, 1 }, { ops_idle, 1 }, { ops_poll, 2 }, { ops_replug, 1 });

WORKLOAD(calls, "calls in all forms, with CPUs that come and go",
    { ops_call, 6 }, { ops_deadline, 4 }, { ops_start, 4 },
    { ops_idle, 1 }, { ops_poll, 2 }, { ops_replug, 1 });

WORKLOAD(events, "events and their ends, with CPUs that come and go",
    { ops_event, 12 }, { ops_register, 2 }, { ops_unregister, 1 },
    { ops_idle, 2 }, { ops_poll, 2 }, { ops_replug, 1 });

WORKLOAD(messages, "messages in all forms, with CPUs that come and go",
    { ops_msg, 20 }, { ops_call, 2 }, { ops_event, 1 }, { ops_idle, 1 },
    { ops_poll, 2 }, { ops_replug, 1 });

WORKLOAD(memory, "shootdowns, switches, lazy CPUs, accesses",
    { ops_flush, 6 }, { ops_tables, 2 }, { ops_kernel, 2 },
    { ops_switch, 4 }, { ops_lazy, 3 }, { ops_touch, 8 },
    { ops_spaces, 1 }, { ops_replug, 1 });

WORKLOAD_FROM(late, "shootdowns that nobody waits for, among those who do",
    setup_devices,
    { ops_late, 10 }, { ops_batch, 6 }, { ops_pass, 4 }, { ops_quiesce, 1 },
    { ops_device, 4 }, { ops_flush, 3 }, { ops_tables, 1 },
    { ops_kernel, 1 }, { ops_switch, 4 }, { ops_lazy, 3 }, { ops_touch, 8 },
    { ops_call, 1 }, { ops_replug, 1 });

WORKLOAD_ON(true, early, "shootdowns that end with the claim", setup,
    { ops_early, 10 }, { ops_flush, 2 }, { ops_tables, 1 },
    { ops_kernel, 1 }, { ops_switch, 4 }, { ops_lazy, 2 }, { ops_touch, 10 },
    { ops_call, 2 }, { ops_event, 2 }, { ops_idle, 1 }, { ops_poll, 2 },
    { ops_spaces, 1 }, { ops_replug, 1 });

WORKLOAD_FROM(user, "CPUs in user code that are left alone",
    setup_users,
    { ops_user, 12 }, { ops_kernel, 8 }, { ops_late, 4 }, { ops_batch, 2 },
    { ops_flush, 2 }, { ops_tables, 1 }, { ops_switch, 3 },
    { ops_lazy, 2 }, { ops_touch, 3 }, { ops_call, 2 }, { ops_event, 1 },
    { ops_quiesce, 1 }, { ops_replug, 1 });

WORKLOAD_FROM(deaths, "CPUs that die, and are reported",
    setup_reports,
    { ops_call, 4 }, { ops_deadline, 2 }, { ops_start, 3 }, { ops_event, 3 },
    { ops_msg, 5 }, { ops_flush, 4 }, { ops_tables, 1 }, { ops_kernel, 2 },
    { ops_late, 3 }, { ops_batch, 2 }, { ops_user, 2 }, { ops_switch, 3 },
    { ops_lazy, 2 }, { ops_touch, 4 }, { ops_idle, 1 }, { ops_poll, 1 },
    { ops_sync, 2 }, { ops_stop, 2 });

WORKLOAD(life, "CPUs that leave and return in the midst of everything",
    { ops_replug, 6 }, { ops_call, 3 }, { ops_deadline, 2 },
    { ops_event, 3 }, { ops_kernel, 2 }, { ops_flush, 2 },
    { ops_switch, 2 }, { ops_touch, 4 }, { ops_idle, 1 });

WORKLOAD(standing, "rendezvous and stops among everything else",
    { ops_sync, 12 }, { ops_stop, 4 }, { ops_call, 4 }, { ops_deadline, 2 },
    { ops_start, 3 }, { ops_event, 4 }, { ops_flush, 4 }, { ops_kernel, 1 },
    { ops_switch, 2 }, { ops_lazy, 1 }, { ops_touch, 4 }, { ops_idle, 2 },
    { ops_poll, 2 }, { ops_unregister, 1 }, { ops_replug, 2 },
    { ops_msg, 4 }, { ops_tables, 1 }, { ops_register, 1 });

WORKLOAD(stops, "stops, and what they find waiting or running",
    { ops_stop, 8 }, { ops_msg, 6 }, { ops_call, 2 }, { ops_start, 2 },
    { ops_event, 2 }, { ops_register, 2 }, { ops_unregister, 1 },
    { ops_flush, 2 }, { ops_tables, 1 }, { ops_touch, 2 }, { ops_switch, 2 },
    { ops_lazy, 2 }, { ops_poll, 1 }, { ops_sync, 1 });

WORKLOAD_FROM(outside, "user code, and what finds a CPU there", setup_users,
    { ops_user, 12 }, { ops_stop, 3 }, { ops_msg, 8 }, { ops_call, 3 },
    { ops_event, 2 }, { ops_register, 1 }, { ops_kernel, 4 },
    { ops_switch, 2 }, { ops_touch, 2 }, { ops_replug, 1 });

WORKLOAD(handlers, "handlers and functions in the midst of what is brief",
    { ops_register, 3 }, { ops_unregister, 1 }, { ops_call, 3 },
    { ops_poll, 3 });

/*
 * One operation each, little of it, with accesses in between: for the runs that
 * have a fault at each place in turn (nth.py).
 */
#define ONLY(op)							\
	WORKLOAD(only_##op, "nothing but this", { ops_##op, 3 },	\
	    { ops_touch, 1 }, { ops_switch, 1 })

ONLY(call);
ONLY(deadline);
ONLY(start);
ONLY(event);
ONLY(register);
ONLY(msg);
ONLY(unregister);
ONLY(flush);
ONLY(tables);
ONLY(kernel);
ONLY(spaces);
ONLY(lazy);
ONLY(switch);
ONLY(touch);
ONLY(idle);
ONLY(poll);
ONLY(replug);
ONLY(sync);
ONLY(stop);

/* Somebody must change what the others do not see. */
WORKLOAD_FROM(only_user, "nothing but this, and what it is left alone by",
    setup_users,
    { ops_user, 3 }, { ops_kernel, 2 }, { ops_touch, 1 }, { ops_switch, 1 });
