/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * msg.c: messages in all their forms, and in which order they ran.
 *
 * Each message has a record of its own.  Its target notes when it began, counted
 * per pair; its sender notes which one it was, as its ticket says.  A sender may
 * be interrupted by another before it has its ticket, and the message may have
 * run by then: so the two are compared at the end.
 */
#include "ops.h"

#include <string.h>

#include <xcpu/port.h>

#define BATCH 5

struct message {
	struct message *next;
	unsigned from, to;
	unsigned began;			/* of this pair, from 1; 0: never */
	bool ended;
	bool accepted;
	bool refused;
	unsigned sequence;		/* by its ticket; 0: it has none */
};

struct pair {
	unsigned begun;
	unsigned accepted, run;
};

static struct message *messages;
static struct pair (*pair)[XCPU_NCPU_MAX];	/* [from][to] */

void
ops_msg_reset(void)
{
	unsigned n = sim_ncpu() * sim_ncpu();
	struct xcpu_msg_ring *rings = sim_alloc(n * sizeof(*rings));

	messages = NULL;
	pair = sim_alloc(sim_ncpu() * sizeof(*pair));
	if (xcpu_msg_pool(sim_domain(), rings, n) != 0)
		sim_fail(SIM_ORDER, "the domain takes no rings");
}

static struct message *
message_new(unsigned to)
{
	struct message *m = sim_alloc(sizeof(*m));

	m->from = sim_cpu();
	m->to = to;
	m->next = messages;
	messages = m;
	return m;
}

enum form { TRY, PASSIVE, SEND, FORMS };

static int send_one(unsigned to, enum form form);

/* Now and then more than there is room for. */
static void
send_inside(void)
{
	unsigned to = sim_random(sim_ncpu());

	if (!sim_one_in(4)) {
		(void)send_one(to, sim_random(FORMS));
		return;
	}
	for (unsigned i = 0; i <= XCPU_MSG_SLOTS; i++)
		(void)send_one(to, SEND);
}

static void
run_message(void *arg, void *frame)
{
	struct message *m = arg;
	struct pair *p = &pair[m->from][m->to];

	(void)frame;
	ops_hears();
	/* Several in a row are looked at together: the next one may see it. */
	if (!sim_has_bug(SIM_BUG_OPEN_MESSAGE) &&
	    (xcpu_port_context() & XCPU_CTX_MASKED) == 0)
		sim_fail(SIM_ORDER, "a message runs on cpu %u with the "
		    "doorbell open", sim_cpu());
	if (m->to != sim_cpu() || m->began != 0 || m->refused)
		sim_fail(SIM_ORDER, "cpu %u runs a message of cpu %u to cpu "
		    "%u %s", sim_cpu(), m->from, m->to, m->refused ?
		    "that was refused" : m->began != 0 ? "again" : "");
	m->began = ++p->begun;
	p->run++;
	sim_step();
	if (sim_one_in(8))
		send_inside();
	else if (sim_one_in(4))
		ops_brief();
	m->ended = true;
	ops_return(SIM_BUG_OPEN_MESSAGE);
}

/* ---- sending ---- */

static void
judge_send(struct message *m, int error, const struct xcpu_ticket *ticket)
{
	if (error == 0) {
		m->accepted = true;
		m->sequence = (unsigned)ticket->sequence;
		pair[m->from][m->to].accepted++;
		return;
	}
	m->refused = true;
	if (m->began != 0)
		sim_fail(SIM_ORDER, "a message of cpu %u to cpu %u ran, and is "
		    "said to be refused: %d", m->from, m->to, error);
	ops_allow_timeout(error, "a send");
	if (error != -XCPU_EAGAIN && error != -XCPU_ENXIO &&
	    error != -XCPU_ETIMEDOUT)
		sim_fail(SIM_ORDER, "a message of cpu %u to cpu %u: error %d",
		    m->from, m->to, error);
}

static int
send_one(unsigned to, enum form form)
{
	struct message *m = message_new(to);
	struct xcpu_ticket ticket = { 0, 0 };
	int error;

	switch (form) {
	case TRY:
		error = xcpu_msg_try(to, run_message, m, &ticket);
		break;
	case PASSIVE:
		error = xcpu_msg_passive(to, run_message, m, &ticket);
		break;
	default:
		error = xcpu_msg_send(to, run_message, m, &ticket);
		break;
	}
	judge_send(m, error, &ticket);
	return error;
}

static void
send_batch(unsigned to)
{
	struct xcpu_ticket ticket = { 0, 0 }, mine;
	struct message *m[BATCH];
	struct xcpu_msg msgs[BATCH];
	int sent;

	for (int i = 0; i < BATCH; i++) {
		m[i] = message_new(to);
		msgs[i] = (struct xcpu_msg){ run_message, m[i] };
	}
	sent = xcpu_msg_batch(to, msgs, BATCH, &ticket);
	sim_op_end(sent);
	for (int i = 0; i < BATCH; i++) {
		mine.sequence = ticket.sequence + (unsigned)(i + 1 - sent);
		judge_send(m[i], i < sent ? 0 : sent < 0 ? sent :
		    -XCPU_EAGAIN, &mine);
	}
}

/* ---- tickets ---- */

/* All messages of this CPU that the ticket covers have ended. */
static void
judge_over(unsigned to, uint64_t sequence)
{
	for (const struct message *m = messages; m != NULL; m = m->next)
		if (m->from == sim_cpu() && m->to == to && m->sequence != 0 &&
		    m->sequence <= sequence && !m->ended)
			sim_fail(SIM_EARLY, "message %u of cpu %u to cpu %u is "
			    "over, and has not ended", m->sequence, m->from,
			    m->to);
}

static void
wait_for_last(unsigned to)
{
	struct xcpu_ticket ticket = xcpu_msg_last(to);
	uint64_t timeout_ns = sim_one_in(2) ? 0 : 1 + sim_random(20000);
	int error = xcpu_msg_wait(&ticket, timeout_ns);

	sim_op_end(error);
	if (timeout_ns == 0)
		ops_allow_timeout(error, "a wait for a message");
	/* What is for a dead CPU is over, too. */
	if (error == 0 && !sim_dead(to))
		judge_over(to, ticket.sequence);
	else if (error != 0 && error != -XCPU_ETIMEDOUT)
		sim_fail(SIM_ORDER, "a wait for a message: error %d", error);
}

void
ops_msg(void)
{
	unsigned to = sim_one_in(8) ? sim_cpu() : ops_other();
	bool masked = sim_one_in(3);
	unsigned long state = 0;

	if (masked)
		state = sim_mask();
	sim_op_begin(SIM_OP_MSG);
	switch (sim_random(6)) {
	case 0:
		send_batch(to);
		break;
	case 1:
		wait_for_last(to);
		break;
	case 2:
		xcpu_msg_process(NULL);
		sim_op_end(0);
		break;
	default:
		sim_op_end(send_one(to, sim_random(FORMS)));
		break;
	}
	if (masked)
		sim_unmask(state);
}

/* ---- the end of the run ---- */

static bool
all_run(void)
{
	for (unsigned from = 0; from < sim_ncpu(); from++)
		for (unsigned to = 0; to < sim_ncpu(); to++)
			if (pair[from][to].run < pair[from][to].accepted &&
			    !sim_dead(to))
				return false;
	return true;
}

/* ends: the machine's limit, which is a hang, if a message was lost */
void
ops_msg_settle(void)
{
	while (!all_run())
		sim_work_ns(1000);
}

void
ops_msg_check(void)
{
	for (const struct message *m = messages; m != NULL; m = m->next) {
		if (m->accepted && m->began == 0 && !sim_dead(m->to))
			sim_fail(SIM_ORDER, "message %u of cpu %u to cpu %u "
			    "was accepted and never ran", m->sequence,
			    m->from, m->to);
		if (m->sequence != 0 && m->began != 0 &&
		    m->began != m->sequence)
			sim_fail(SIM_ORDER, "message %u of cpu %u to cpu %u "
			    "was the %uth to begin", m->sequence, m->from,
			    m->to, m->began);
	}
}
