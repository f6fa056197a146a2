/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c: what all of it came to, on one screen, and whether it adds up.
 *
 * Counts are differences from table_begin() on.  Three books are kept apart and
 * must agree: what xcpu says it asked the port for, what the port sent, and
 * what arrived.
 */
#include "oracle.h"
#include "run.h"

#define QUIET_NS	WORK_SECOND	/* in which kicks under way arrive */
#define MANY		1000	/* shootdowns, from which on shares mean much */

struct books {
	struct xcpu_totals xcpu;
	struct mach_counts port;
};

static struct books base, total;
static struct oracle_count probes;

/* Every kick that was asked for has been sent, and has arrived. */
static bool
settled(const struct books *books)
{
	const struct mach_counts *port = &books->port;

	return xcpu_stat_kicks(&books->xcpu) == port->kicks_sent &&
	    port->kicks_sent == port->taken + port->coalesced;
}

/*
 * xcpu's and the port's counts of one moment.  A CPU that stands between the
 * two, or a tick that kicks, would be in one of them only.
 */
static void
read_books(struct books *books)
{
	uint64_t limit = mach_now_ns() + QUIET_NS;

	/* ends: the books are settled, or with the limit */
	do {
		mach_relax();
		mach_counts(&books->port);
		books->xcpu = (struct xcpu_totals){ 0 };
		for (unsigned cpu = 0; cpu < work_run.ncpu; cpu++)
			xcpu_stat_sum(mach_domain(), cpu, &books->xcpu);
	} while (!settled(books) && !work_passed(limit));
}

static void
subtract(struct books *from, const struct books *what)
{
#define LESS(name, text) from->xcpu.name -= what->xcpu.name;
	XCPU_STAT_COUNTERS(LESS)
#undef LESS
	for (unsigned i = 0; i < XCPU_WAIT_KINDS; i++)
		for (unsigned b = 0; b < XCPU_STAT_BUCKETS; b++)
			from->xcpu.wait_ns[i][b] -= what->xcpu.wait_ns[i][b];
	from->port.kicks_sent -= what->port.kicks_sent;
	from->port.taken -= what->port.taken;
	from->port.coalesced -= what->port.coalesced;
	from->port.nmi_sent -= what->port.nmi_sent;
	from->port.nmi_taken -= what->port.nmi_taken;
}

void
table_begin(void)
{
	read_books(&base);
}

/* ------------------------------------------------------------------ */
/* Printing: rows of up to three cells.                                   */

static void
cell(const char *name, uint64_t n)
{
	char number[WORK_NUMBER];

	mach_printf("  %-12s %11s", name, work_number(n, number));
}

static void
heads(const char *a, const char *b, const char *c)
{
	mach_printf("\n%-26s%-26s%s\n", a, b, c);
}

/* What a storm is made of. */
static void
print_kinds(const struct work_tally *t)
{
	if (t->shootdowns != 0)
		mach_printf("%lu processes, %lu lazy threads, %lu kernel unmaps, "
		    "%lu page tables, %lu reclaims\n",
		    (unsigned long)t->processes, (unsigned long)t->fell_lazy,
		    (unsigned long)t->kernel_unmaps, (unsigned long)t->tables,
		    (unsigned long)t->reclaims);
}

static void
print_operations(const struct work_tally *t, const struct books *books)
{
	const struct xcpu_totals *x = &books->xcpu;

	heads("operations", "kicks sent", "kicks avoided");
	cell("shootdowns", t->shootdowns);
	cell("flush", x->kick_flush);
	cell("pending", x->avoid_pending);
	mach_printf("\n");
	cell("calls", t->calls);
	cell("call", x->kick_call);
	cell("polling", x->avoid_polling);
	mach_printf("\n");
	cell("events", t->events);
	cell("event", x->kick_event);
	cell("lazy", x->avoid_lazy);
	mach_printf("\n");
	cell("messages", t->messages);
	cell("message", x->kick_msg);
	cell("draining", x->avoid_draining);
	mach_printf("\n");
	cell("rendezvous", t->rendezvous);
	cell("stop", x->kick_stop);
	cell("not ready", x->not_ready);
	mach_printf("\n");
	cell("stops", t->stops);
	cell("self", x->selfkick);
	cell("in user mode", x->avoid_user);
	mach_printf("\n");
	cell("CPUs left", t->left);
	cell("NMIs", x->nmi_sent);
	cell("caught up", x->catch_up_lazy + x->catch_up_user);
	mach_printf("\n");
}

static uint64_t
percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : part * 100 / whole;
}

static void
print_flushes(const struct work_tally *t, const struct xcpu_totals *x)
{
	heads("flushes", "probes", "trouble");
	cell("range", x->flush_range);
	cell("armed", probes.armed);
	cell("stale reads",
	    xcpu_load_acq(&work_run.failures[WORK_STALE]));
	mach_printf("\n");
	cell("full", x->flush_full);
	cell("idle", probes.idle);
	cell("lost kicks", x->lost);
	mach_printf("\n");
	cell("none needed", x->flush_none);
	cell("armed, %", percent(probes.armed,
	    probes.armed + probes.idle));
	cell("kicked again", x->rekick);
	mach_printf("\n");
	cell("alone", x->shootdown_alone);
	cell("CPUs probed", probes.cpus);
	cell("stalls", x->stall);
	mach_printf("\n");
	cell("mapped, none", t->mapped);
	cell("other reads", t->background);
	cell("reports", work_failures());
	mach_printf("\n");
}

static void
print_quantiles(const char *name, const struct xcpu_totals *x,
    enum xcpu_wait_kind kind)
{
	static const unsigned parts[] = { 500, 900, 990, 999 };
	char number[WORK_NUMBER];
	uint64_t n = 0;

	for (unsigned b = 0; b < XCPU_STAT_BUCKETS; b++)
		n += x->wait_ns[kind][b];
	if (n == 0)
		return;
	mach_printf("  %-17s%10s", name, work_number(n, number));
	for (unsigned i = 0; i < 4; i++)
		mach_printf("%12s", work_duration(xcpu_stat_quantile(x, kind,
		    parts[i]), number));
	mach_printf("\n");
}

/* Whole operations by our own clock; waits as xcpu timed them, if not short. */
static void
print_latency(const struct xcpu_totals *x)
{
	static const char *const names[XCPU_WAIT_KINDS] = {
		[XCPU_WAIT_CALL] = "waits: call",
		[XCPU_WAIT_FLUSH] = "waits: shootdown",
		[XCPU_WAIT_ROUND] = "waits: round",
		[XCPU_WAIT_READY] = "waits: ready",
		[XCPU_WAIT_MSG] = "waits: message",
		[XCPU_WAIT_SYNC] = "waits: rendezvous",
		[XCPU_WAIT_PARK] = "waits: release",
		[XCPU_WAIT_STOP] = "waits: stop",
	};
	static struct xcpu_totals own;

	for (unsigned b = 0; b < XCPU_STAT_BUCKETS; b++) {
		own.wait_ns[XCPU_WAIT_FLUSH][b] =
		    work_run.times[WORK_TIME_SHOOTDOWN].ns[b];
		own.wait_ns[XCPU_WAIT_CALL][b] =
		    work_run.times[WORK_TIME_CALL].ns[b];
	}
	mach_printf("\n%-18s%11s%12s%12s%12s%12s\n", "lasted at most",
	    "count", "p50", "p90", "p99", "p99.9");
	print_quantiles("shootdown", &own, XCPU_WAIT_FLUSH);
	print_quantiles("call", &own, XCPU_WAIT_CALL);
	for (unsigned kind = XCPU_WAIT_CALL; kind < XCPU_WAIT_KINDS; kind++)
		print_quantiles(names[kind], x, (enum xcpu_wait_kind)kind);
}

/* ------------------------------------------------------------------ */
/* Judging.                                                              */

static bool
check(bool good, const char *what)
{
	if (!good)
		mach_printf("FAIL: %s\n", what);
	return good;
}

static bool
check_books(void)
{
	uint64_t asked = xcpu_stat_kicks(&total.xcpu);
	const struct mach_counts *port = &total.port;
	bool dropped = work_run.options.faults == WORK_FAULTS_DROP ||
	    work_run.options.faults == WORK_FAULTS_DEAF;
	bool good = asked == port->kicks_sent && (dropped ||
	    port->kicks_sent == port->taken + port->coalesced);

	/* Net of those that another interrupt accounted for before they came. */
	mach_printf("\nkicks: xcpu asked for %lu, port sent %lu, taken %lu + "
	    "coalesced %ld: %s\n", (unsigned long)asked,
	    (unsigned long)port->kicks_sent, (unsigned long)port->taken,
	    (long)port->coalesced, good ? "equal" : "DIFFERENT");
	return check(good, "kicks asked, sent and arrived do not add up");
}

/* A storm, and not just a few drops: a replay may have CPUs to spare. */
static bool
probes_everybody(const struct work_tally *t)
{
	const struct work_options *o = &work_run.options;

	return (o->work == WORK_ALL || o->work == WORK_STORM) && o->oracle &&
	    t->shootdowns >= 100;
}

/*
 * The share of probes that must be armed, lest the oracle be asleep.  Who has
 * just flushed everything is not armed, as where tables were freed: with narrow
 * generations every few shootdowns end them and flush all, and of few shootdowns
 * a host that gives some CPUs no time makes a small share at random.  Where each
 * flush drops all, two initiators disarm each other's.
 */
static unsigned
armed_percent(const struct work_tally *t)
{
	const struct work_options *o = &work_run.options;

	if (mach_drops_all())
		return t->shootdowns < MANY ? 20 : 40;
	/*
	 * Others flush much while a request waits for its bound; and who gives
	 * its root up has nothing left.
	 */
	if (!o->lazy || (o->form == WORK_FORM_DEFER && !o->entry))
		return 60;
	return XCPU_SPACE_GEN_BITS < 8 || t->shootdowns < MANY ? 60 : 80;
}

/* The bucket of what is too long: four seconds, and more among very many. */
static unsigned
long_bucket(void)
{
	unsigned bucket = 32;

	for (unsigned n = work_run.ncpu; n > MACH_CPUS_FEW; n = (n + 1) / 2)
		bucket++;
	return bucket;
}

/*
 * The library speaks after a second; but a virtual CPU on a busy host may well be
 * away for one, and longer where it has its turn after hundreds of others, and
 * nothing is wrong.
 */
static uint64_t
waits_too_long(const struct xcpu_totals *x)
{
	uint64_t n = 0;

	for (unsigned kind = 0; kind < XCPU_WAIT_KINDS; kind++)
		for (unsigned b = long_bucket(); b < XCPU_STAT_BUCKETS; b++)
			n += x->wait_ns[kind][b];
	return n;
}

static bool
check_trouble(const struct work_tally *t, const struct xcpu_totals *x)
{
	bool faults = work_run.options.faults != WORK_FAULTS_NONE;
	bool good;

	if (!faults && x->lost != 0)
		mach_printf("REPORT lost kick: the tick found %lu\n",
		    (unsigned long)x->lost);
	if (!faults && waits_too_long(x) != 0)
		mach_printf("REPORT stall: %lu waits were silent for too "
		    "long\n", (unsigned long)waits_too_long(x));
	good = check(faults || x->lost == 0, "kicks were lost");
	good &= check(faults || waits_too_long(x) == 0, "waits stalled");
	good &= check(probes.armed * 100 >=
	    (probes.armed + probes.idle) * armed_percent(t),
	    "too many probes were not armed");
	good &= check(!probes_everybody(t) || probes.cpus == work_run.ncpu,
	    "some CPU was never probed while armed");
	good &= check(t->control_seen == t->control_asked, "oracle blind");
	good &= check(work_failures() == 0, "see the REPORT lines");
	return good;
}

bool
table_print(bool good)
{
	const struct work_options *o = &work_run.options;
	const struct work_tally *t = &work_run.tally;
	uint64_t ms = (mach_now_ns() - work_run.begun_ns) / 1000000;

	read_books(&total);
	subtract(&total, &base);
	oracle_sum(&probes);
	mach_printf("\nxcpu %s, %u CPU%s, ", XCPU_VERSION, work_run.ncpu,
	    work_run.ncpu == 1 ? "" : "s");
	if (o->mode != WORK_MODE_UNSAID)
		mach_printf("mode %s, ", work_mode_name(o->mode));
	mach_printf("relax 0-%u, seed %lu, faults %s: %lu.%lu s\n", o->relax,
	    (unsigned long)o->seed, work_faults_name(o->faults),
	    (unsigned long)(ms / 1000), (unsigned long)(ms % 1000 / 100));
	mach_printf("form %s, lazy %s, entry %s, bound %lu us: %lu requests, "
	    "%lu of them not waited for (%lu us)\n", work_form_name(o->form),
	    o->lazy ? "on" : "off", o->entry ? "on" : "off",
	    (unsigned long)o->bound_us, (unsigned long)total.xcpu.shootdown,
	    (unsigned long)t->late,
	    (unsigned long)(t->late == 0 ? 0 : t->held_ns / t->late / 1000));
	print_kinds(t);
	if (o->kick_nmi)
		mach_printf("kick nmi: %lu NMIs sent, %lu taken\n",
		    (unsigned long)total.xcpu.nmi_sent,
		    (unsigned long)total.xcpu.taken_nmi);
	print_operations(t, &total);
	print_flushes(t, &total.xcpu);
	print_latency(&total.xcpu);
	good &= check_books();
	good &= check_trouble(t, &total.xcpu);
	mach_printf("stale reads %lu: %s\n", (unsigned long)
	    xcpu_load_acq(&work_run.failures[WORK_STALE]),
	    good ? "PASS" : "FAIL");
	return good;
}
