/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * faults.c: kicks that go wrong, on demand and by a seed.
 *
 * faults=LIST, comma between:
 *	drop:N dup:N delay:N	one kick in N (64), by chance, is lost, comes
 *				twice, or is held to the next kick or second tick
 *	drop@N dup@N delay@N	only the N-th kick of the run
 *	deaf			no kick, NMI or tick is ever taken
 *	freeze			one CPU stops for some seconds with its doorbell
 *				masked; which, where and when is the seed's
 *
 * Kicks only: NMIs are left alone.  src/ knows nothing of this.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define FREEZE_NS	2500000000	/* two stall reports long */
#define FREEZE_VISITS	32
#define USUAL_ONE_IN	64

struct host_faults host_faults;

static const char *const rule_name[] = {
	[FAULT_DROP] = "drop", [FAULT_DOUBLE] = "dup", [FAULT_HOLD] = "delay"
};

/* splitmix64: neighbouring numbers give unrelated ones. */
static uint64_t
scramble(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* `text` behind the name of a rule: nothing, ":N" or "@N". */
static bool
parse_number(const char *text, struct fault_rule *rule)
{
	char *end;
	unsigned long long n;

	if (text[0] == '\0') {
		rule->one_in = USUAL_ONE_IN;
		return true;
	}
	if (text[0] != ':' && text[0] != '@')
		return false;
	if (text[1] < '1' || text[1] > '9')
		return false;
	n = strtoull(text + 1, &end, 10);
	if (*end != '\0')
		return false;
	*(text[0] == ':' ? &rule->one_in : &rule->at) = n;
	return true;
}

static bool
parse_word(const char *word, unsigned ncpu)
{
	struct host_faults *f = &host_faults;
	size_t len;

	if (strcmp(word, "deaf") == 0)
		return f->deaf = true;
	if (strcmp(word, "freeze") == 0) {
		uint64_t chance = scramble(f->seed);

		f->frozen_cpu = (unsigned)(chance % ncpu);
		f->frozen_place = (enum fault_place)((chance >> 20) % 3);
		f->frozen_visit = 1 + (chance >> 40) % FREEZE_VISITS;
		return f->frozen = true;
	}
	for (unsigned fate = FAULT_DROP; fate <= FAULT_HOLD; fate++) {
		len = strlen(rule_name[fate]);
		if (strncmp(word, rule_name[fate], len) == 0)
			return parse_number(word + len, &f->rule[fate]);
	}
	return false;
}

const char *
faults_parse(const char *text, uint64_t seed, unsigned ncpu)
{
	static char words[256];
	char *rest = words, *word;

	host_faults.seed = seed;
	if (text == NULL || *text == '\0')
		return NULL;
	if (strlen(text) >= sizeof(words))
		return "faults= is too long";
	strcpy(words, text);
	while ((word = strsep(&rest, ",")) != NULL) {
		if (!parse_word(word, ncpu))
			return "faults= takes drop:N dup:N delay:N (one kick "
			    "in N, by chance; @N: only the N-th), deaf, "
			    "freeze, with a comma between";
	}
	host_faults.on = true;
	host_print("faults: %s, by seed %lu\n", text, (unsigned long)seed);
	return NULL;
}

/* What becomes of the next kick. */
enum fault_fate
faults_fate(void)
{
	struct host_faults *f = &host_faults;
	uint64_t n = __atomic_add_fetch(&f->kicks, 1, __ATOMIC_RELAXED);

	for (unsigned fate = FAULT_DROP; fate <= FAULT_HOLD; fate++) {
		const struct fault_rule *rule = &f->rule[fate];
		uint64_t chance = scramble(f->seed ^ scramble(n + fate));

		if (rule->at != n &&
		    (rule->one_in == 0 || chance % rule->one_in != 0))
			continue;
		if (fate == FAULT_HOLD)
			__atomic_fetch_add(&f->held, 1, __ATOMIC_RELAXED);
		return (enum fault_fate)fate;
	}
	return FAULT_SEND;
}

/* A second tick finds the kick still held: it arrives now. */
bool
faults_release(struct host_cpu *cpu)
{
	uint64_t sent = __atomic_load_n(&cpu->sent, __ATOMIC_RELAXED);

	if (__atomic_load_n(&cpu->held, __ATOMIC_RELAXED) == 0 ||
	    __atomic_sub_fetch(&cpu->held, 1, __ATOMIC_RELAXED) != 0)
		return false;
	return sent != cpu->accounted;
}

/* Freeze here, if this is the CPU, the place and the time. */
void
faults_freeze(struct host_cpu *cpu, enum fault_place place)
{
	static const char *const name[] = {
		"before it answers a kick", "in its tick", "in a TLB flush"
	};
	struct host_faults *f = &host_faults;
	uint64_t since;

	if (!f->frozen || cpu->index != f->frozen_cpu ||
	    place != f->frozen_place || f->frozen_over ||
	    ++f->frozen_visits < f->frozen_visit)
		return;
	f->frozen_over = true;
	host_print("faults: CPU %u is stuck %s, doorbell masked\n", cpu->index,
	    name[place]);
	since = xcpu_port_now_ns();
	/* ends: time passes */
	while (xcpu_port_now_ns() - since < FREEZE_NS)
		xcpu_linux_yield();
	host_print("faults: CPU %u goes on\n", cpu->index);
}

void
faults_print(void)
{
	uint64_t lost = 0, doubled = 0;

	if (!host_faults.on)
		return;
	for (unsigned i = 0; i < host.ncpu; i++) {
		lost += __atomic_load_n(&host.cpu[i].lost, __ATOMIC_RELAXED);
		doubled += __atomic_load_n(&host.cpu[i].doubled,
		    __ATOMIC_RELAXED);
	}
	host_print("faults: of %lu kicks %lu lost, %lu doubled, %lu held%s%s\n",
	    (unsigned long)host_faults.kicks, (unsigned long)lost,
	    (unsigned long)doubled, (unsigned long)host_faults.held,
	    host_faults.deaf ? "; deaf" : "",
	    host_faults.frozen ? (host_faults.frozen_over ?
	    "; one CPU was frozen" : "; no CPU came to be frozen") : "");
}
