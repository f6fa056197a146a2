/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weaken.c: lower the order of single accesses, at run time.
 *
 * An access is named by its file and line; one that stands in an inline function
 * has a site in each object that includes it, and all of them are lowered.
 */
#include "main.h"

#include <stdlib.h>
#include <string.h>

static const char *
base(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash != NULL ? slash + 1 : file;
}

static int
order_named(const char *name)
{
	if (strcmp(name, "acq") == 0)
		return __ATOMIC_ACQUIRE;
	if (strcmp(name, "rel") == 0)
		return __ATOMIC_RELEASE;
	if (strcmp(name, "ar") == 0)
		return __ATOMIC_ACQ_REL;
	return strcmp(name, "none") == 0 ? __ATOMIC_RELAXED : -1;
}

bool
weaken(const char *spec)
{
	const char *file = base(spec);
	const char *colon = strchr(file, ':');
	char *end = NULL;
	unsigned long line = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;
	int order = __ATOMIC_RELAXED;
	unsigned found = 0;

	if (line != 0 && *end == ':')
		order = order_named(end + 1);
	if (line == 0 || order < 0 || (*end != ':' && *end != '\0')) {
		fprintf(stderr, "xcpu-explore: --weaken FILE:LINE[:acq|:rel|"
		    ":ar|:none], not %s\n", spec);
		return false;
	}
	for (struct sim_site *s = __start_sim_sites; s < __stop_sim_sites; s++) {
		const char *name = base(s->file);

		if (s->line != line || s->written == __ATOMIC_RELAXED ||
		    strncmp(name, file, (size_t)(colon - file)) != 0 ||
		    name[colon - file] != '\0')
			continue;
		s->order = (uint8_t)order;
		found++;
	}
	if (found == 0)
		fprintf(stderr, "xcpu-explore: no ordered access at %s: see "
		    "xcpu-explore sites\n", spec);
	return found != 0;
}

static const char *
order_name(unsigned order)
{
	switch (order) {
	case __ATOMIC_ACQUIRE:
		return "acq";
	case __ATOMIC_RELEASE:
		return "rel";
	case __ATOMIC_ACQ_REL:
		return "ar";
	default:
		return "fence";
	}
}

static int
compare(const void *a, const void *b)
{
	const struct sim_site *x = *(struct sim_site *const *)a;
	const struct sim_site *y = *(struct sim_site *const *)b;
	int names = strcmp(x->file, y->file);

	return names != 0 ? names : (int)x->line - (int)y->line;
}

/* The ordered accesses, one line each, as --weaken wants them. */
int
list_sites(void)
{
	size_t n = (size_t)(__stop_sim_sites - __start_sim_sites);
	struct sim_site **sites = calloc(n, sizeof(struct sim_site *));
	const struct sim_site *last = NULL;

	if (sites == NULL)
		return 2;
	for (size_t i = 0; i < n; i++)
		sites[i] = &__start_sim_sites[i];
	qsort(sites, n, sizeof(struct sim_site *), compare);
	for (size_t i = 0; i < n; i++) {
		const struct sim_site *s = sites[i];

		if (s->written == __ATOMIC_RELAXED ||
		    strstr(s->file, "explore/") != NULL || (last != NULL &&
		    s->line == last->line && strcmp(s->file, last->file) == 0))
			continue;
		printf("%s:%u %s\n", s->file, (unsigned)s->line,
		    order_name(s->written));
		last = s;
	}
	free(sites);
	return 0;
}
