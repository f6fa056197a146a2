/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c: see machine.h.
 *
 * An entry remembers whose translation it is and how old; what the tables say
 * now is the judge.  So an entry of another space, and one that a flush should
 * have removed, are both wrong when they are used.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include <xcpu/port.h>

#define PAGE	UINT64_C(4096)
#define NOBODY	0u
#define KERNEL	1u		/* number of the kernel's space */
#define TAGS	(2 * M_ASIDS)

struct entry {
	unsigned owner;
	uint64_t version;
};

struct machine m;
unsigned asid_machine_masked, asid_machine_context;

static struct xcpu_domain domain;
static struct xcpu_cpu blocks[M_CPUS];
static struct xcpu_asid_cpu asid_cpus[M_CPUS];
static struct xcpu_asid_slot asid_slots[M_CPUS * M_SLOTS];
static uint64_t asid_used[M_ASIDS / 64];

static struct {
	unsigned tag;
	struct machine_space *loaded;
	struct entry user[TAGS][M_PAGES];
	struct entry kernel[TAGS][M_PAGES];	/* global ones: in [0] */
} cpu[M_CPUS];

struct xcpu_cpu *
asid_machine_self(void)
{
	return &blocks[m.self];
}

/* ---- forgetting ---- */

static void
forget_tag(unsigned c, unsigned tag)
{
	memset(cpu[c].user[tag], 0, sizeof(cpu[c].user[tag]));
	if ((m.config.flags & XCPU_ASID_KERNEL_TAGGED) != 0)
		memset(cpu[c].kernel[tag], 0, sizeof(cpu[c].kernel[tag]));
}

static void
forget_all(unsigned c, bool global)
{
	memset(cpu[c].user, 0, sizeof(cpu[c].user));
	if (global || (m.config.flags & XCPU_ASID_KERNEL_TAGGED) != 0)
		memset(cpu[c].kernel, 0, sizeof(cpu[c].kernel));
}

static void
forget(unsigned c, unsigned tag, const struct xcpu_flush *request)
{
	if ((request->flags & XCPU_FLUSH_FULL) != 0) {
		forget_tag(c, tag);
		return;
	}
	for (uint64_t va = request->start; va - request->start < request->len;
	    va += PAGE)
		cpu[c].user[tag][va / PAGE].owner = NOBODY;
}

static void
forget_kernel(unsigned tag, const struct xcpu_flush *request)
{
	bool tagged = (m.config.flags & XCPU_ASID_KERNEL_TAGGED) != 0;

	for (uint64_t va = request->start; va - request->start < request->len;
	    va += PAGE)
		cpu[m.self].kernel[tagged ? tag : 0][va / PAGE].owner = NOBODY;
}

/* ---- hooks ---- */

void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
	struct xcpu_space *space = request->space;
	struct machine_space *host = space->kernel ? NULL : space->host;

	if (!xcpu_asid_flush(&m.asids, request,
	    host != NULL ? &host->asid : NULL, &m.last_flush))
		return;
	if (space->kernel && (request->flags & XCPU_FLUSH_FULL) != 0) {
		forget_all(m.self, true);
	} else {
		for (unsigned half = 0; half <= m.last_flush.both; half++) {
			unsigned tag = m.last_flush.asid + half;

			if (space->kernel)
				forget_kernel(tag, request);
			else
				forget(m.self, tag, request);
		}
	}
}

void
xcpu_port_root_load(struct xcpu_space *space)
{
	struct machine_space *next = space != NULL ? space->host : NULL;

	xcpu_asid_load(&m.asids, next != NULL ? &next->asid : NULL, &m.last);
	m.kept += !m.last.flush && !m.last.flush_all;
	m.flushes += m.last.flush;
	m.flushes_all += m.last.flush_all;
	if (m.last.flush_all)
		forget_all(m.self, false);
	if (m.last.flush)
		forget_tag(m.self, m.last.asid);
	cpu[m.self].tag = m.last.asid;
	cpu[m.self].loaded = next;
}

void
xcpu_port_tlb_remote(const struct xcpu_flush *request, struct xcpu_cpuset *todo)
{
	struct machine_space *space = request->space->host;
	unsigned tag;

	if (!m.config.broadcast || request->space->kernel)
		return;
	tag = xcpu_asid_broadcast(&m.asids, &space->asid);
	for (unsigned c = 0; c < M_CPUS && tag != 0; c++) {
		forget(c, tag, request);
		if ((m.config.flags & XCPU_ASID_SPLIT) != 0)
			forget(c, tag + 1, request);
	}
	xcpu_cpuset_zero(todo);
}

void
xcpu_port_kick(const struct xcpu_cpuset *set)
{
	unsigned self = m.self, masked = asid_machine_masked;

	for (unsigned c = 0; c < M_CPUS; c++)
		if (xcpu_cpuset_has(set, c)) {
			m.kicks++;
			m.self = c;
			asid_machine_masked = 1;
			xcpu_on_ipi();
		}
	m.self = self;
	asid_machine_masked = masked;
}

void
xcpu_port_kick_nmi(const struct xcpu_cpuset *set)
{
	(void)set;
}

enum xcpu_stall_policy
xcpu_port_stall(const struct xcpu_stall *report)
{
	(void)report;
	abort();
}

void
xcpu_port_panic(const char *text, const char *file, int line)
{
	(void)text; (void)file; (void)line;
	abort();
}

/* ---- what tests do ---- */

int
machine_begin(const struct machine_config *config)
{
	int error;

	memset(&m, 0, sizeof(m));
	memset(&domain, 0, sizeof(domain));
	memset(blocks, 0, sizeof(blocks));
	memset(asid_cpus, 0, sizeof(asid_cpus));
	memset(asid_slots, 0, sizeof(asid_slots));
	memset(cpu, 0, sizeof(cpu));
	asid_machine_masked = asid_machine_context = 0;
	m.config = *config;
	m.asids = (struct xcpu_asids){
		.kind = config->kind, .flags = config->flags, .ncpu = M_CPUS,
		.cpus = asid_cpus, .slots = asid_slots,
		.nslots = config->nslots, .used = asid_used,
		.nasids = config->nasids,
	};
	m.numbers = KERNEL;
	error = xcpu_asids_init(&m.asids);
	if (error != 0 || xcpu_domain_init(&domain, blocks, M_CPUS) != 0)
		return error;
	for (m.self = 0; m.self < M_CPUS; m.self++)
		if (xcpu_cpu_online(&blocks[m.self]) != 0)
			abort();
	m.self = 0;
	for (unsigned s = 0; s < M_SPACES; s++)
		machine_space_new(s);
	return 0;
}

void
machine_space_new(unsigned n)
{
	struct machine_space *space = &m.space[n];

	xcpu_space_init(&space->xcpu, space);
	xcpu_asid_init(&m.asids, &space->asid, &space->xcpu);
	space->number = ++m.numbers;
	memset(space->version, 0, sizeof(space->version));
}

void
machine_on(unsigned c)
{
	m.self = c;
}

void
machine_switch(int space)
{
	if (xcpu_space_switch(space < 0 ? NULL : &m.space[space].xcpu) != 0)
		abort();
}

static bool
use(struct entry *entry, unsigned owner, uint64_t version)
{
	if (entry->owner == NOBODY) {
		entry->owner = owner;
		entry->version = version;
	}
	return entry->owner == owner && entry->version == version;
}

static bool
use_tag(unsigned tag, unsigned page)
{
	const struct machine_space *space = cpu[m.self].loaded;

	return use(&cpu[m.self].user[tag][page], space->number,
	    space->version[page]);
}

bool
machine_use(unsigned page)
{
	return use_tag(cpu[m.self].tag, page);
}

bool
machine_use_as_user(unsigned page)
{
	struct xcpu_asid_load load;

	if ((m.config.flags & XCPU_ASID_SPLIT) == 0)
		return machine_use(page);
	xcpu_asid_user(&m.asids, &load);
	if (load.flush)
		forget_tag(m.self, load.asid);
	return use_tag(load.asid, page);
}

bool
machine_use_kernel(unsigned page)
{
	bool tagged = (m.config.flags & XCPU_ASID_KERNEL_TAGGED) != 0;

	return use(&cpu[m.self].kernel[tagged ? cpu[m.self].tag : 0][page],
	    KERNEL, m.kernel_version[page]);
}

void
machine_change(unsigned space, unsigned page)
{
	m.space[space].version[page]++;
	if (xcpu_shootdown(&m.space[space].xcpu, page * PAGE, PAGE, NULL) != 0)
		abort();
}

void
machine_change_all(unsigned space)
{
	for (unsigned page = 0; page < M_PAGES; page++)
		m.space[space].version[page]++;
	if (xcpu_shootdown_all(&m.space[space].xcpu, NULL) != 0)
		abort();
}

void
machine_change_kernel(unsigned page)
{
	m.kernel_version[page]++;
	if (xcpu_shootdown(&domain.kernel, page * PAGE, PAGE, NULL) != 0)
		abort();
}

void
machine_change_own(unsigned space, unsigned page)
{
	m.space[space].version[page]++;
	if (xcpu_flush_self(&m.space[space].xcpu, page * PAGE, PAGE, NULL) != 0)
		abort();
}

void
machine_replug(void)
{
	if (xcpu_cpu_offline() != 0 || xcpu_cpu_online(&blocks[m.self]) != 0)
		abort();
}
