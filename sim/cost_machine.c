/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cost_machine.c: the parameters of a machine, from a file of lines `key value`.
 *
 * Every key must be there: a parameter that silently is 0 makes a table that
 * looks right.
 */
#include "cost.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct key {
	const char *name;
	size_t offset;
};

#define KEY(field)	{ #field, offsetof(struct cost_machine, field) }
#define KEY_AT(name, field, i)						\
	{ name, offsetof(struct cost_machine, field) + (i) * sizeof(uint64_t) }

static const struct key keys[] = {
	KEY(sockets), KEY(clusters), KEY(cpus), KEY(l1), KEY(rmw),
	KEY_AT("transfer_near", transfer, COST_NEAR),
	KEY_AT("transfer_far", transfer, COST_FAR),
	KEY_AT("transfer_cross", transfer, COST_CROSS),
	KEY_AT("occupancy_near", occupancy, COST_NEAR),
	KEY_AT("occupancy_far", occupancy, COST_FAR),
	KEY_AT("occupancy_cross", occupancy, COST_CROSS),
	KEY(outstanding), KEY(pause), KEY(flush),
	KEY(ipi_send), KEY(ipi_more), KEY(ipi_deliver), KEY(ipi_entry),
	KEY(ipi_exit),
	KEY(virtual_send), KEY(virtual_more), KEY(virtual_deliver),
};
#define NKEYS	(sizeof(keys) / sizeof(keys[0]))

static int
find_key(const char *name)
{
	for (size_t i = 0; i < NKEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return (int)i;
	return -1;
}

static void
say_keys(void)
{
	fprintf(stderr, "the keys are:");
	for (size_t i = 0; i < NKEYS; i++)
		fprintf(stderr, " %s", keys[i].name);
	fprintf(stderr, "\n");
}

static bool
read_line(struct cost_machine *machine, const char *text, bool seen[NKEYS])
{
	char name[64], rest[2];
	uint64_t value;
	int key;

	if (text[strspn(text, " \t\n")] == '\0' || text[0] == '#')
		return true;
	if (sscanf(text, "%63s %" SCNu64 " %1s", name, &value, rest) != 2)
		return false;
	key = find_key(name);
	if (key < 0)
		return false;
	memcpy((char *)machine + keys[key].offset, &value, sizeof(value));
	seen[key] = true;
	return true;
}

static bool
all_there(const struct cost_machine *machine, const char *path,
    const bool seen[NKEYS])
{
	for (size_t i = 0; i < NKEYS; i++)
		if (!seen[i]) {
			fprintf(stderr, "%s: %s is missing: add a line "
			    "`%s NUMBER`\n", path, keys[i].name, keys[i].name);
			return false;
		}
	if (machine->sockets * machine->clusters * machine->cpus == 0) {
		fprintf(stderr, "%s: no CPUs: sockets, clusters and cpus are "
		    "at least 1\n", path);
		return false;
	}
	return true;
}

static void
name_machine(struct cost_machine *machine, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;

	snprintf(machine->name, sizeof(machine->name), "%.*s",
	    (int)strcspn(base, "."), base);
}

bool
cost_read_machine(struct cost_machine *machine, const char *path)
{
	bool seen[NKEYS] = { false };
	FILE *file = fopen(path, "r");
	char text[256];
	unsigned number = 0;

	memset(machine, 0, sizeof(*machine));
	if (file == NULL) {
		perror(path);
		return false;
	}
	while (fgets(text, sizeof(text), file) != NULL) {
		number++;
		if (read_line(machine, text, seen))
			continue;
		fprintf(stderr, "%s:%u: no line `key number`: %s", path,
		    number, text);
		say_keys();
		fclose(file);
		return false;
	}
	fclose(file);
	name_machine(machine, path);
	return all_there(machine, path, seen);
}

void
cost_make_virtual(struct cost_machine *machine)
{
	machine->ipi_send = machine->virtual_send;
	machine->ipi_more = machine->virtual_more;
	machine->ipi_deliver = machine->virtual_deliver;
}

void
cost_unit_machine(struct cost_machine *machine)
{
	memset(machine, 0, sizeof(*machine));
	name_machine(machine, "unit");
	machine->sockets = machine->clusters = 1;
	machine->cpus = UINT32_MAX;
	for (unsigned d = 0; d < COST_DISTANCES; d++)
		machine->transfer[d] = 1;
}

unsigned
cost_machine_cpus(const struct cost_machine *machine)
{
	return (unsigned)(machine->sockets * machine->clusters *
	    machine->cpus);
}
