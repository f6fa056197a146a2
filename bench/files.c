/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files.c: the measurements as tab-separated values, for programs.
 */
#include "bench.h"

static char path[4096];

static FILE *
create(const char *folder, const char *suite, const char *name)
{
	snprintf(path, sizeof(path), "%s/%s%s%s.tsv", folder, suite,
	    suite[0] != '\0' ? "-" : "", name);
	return fopen(path, "w");
}

static bool
write_blocks(FILE *file, const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	const struct suite *suite = attempts[0].suite;

	fprintf(file, "attempt\tblock\tmeasure\tns\n");
	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++)
		for (unsigned i = 0; i < attempts[a].kept; i++)
			for (unsigned m = 0; m < suite->n; m++)
				fprintf(file, "%u\t%u\t%s\t%.2f\n", a + 1,
				    i + 1, suite->measure[m].key,
				    attempts[a].block[i].ns[m]);
	return fclose(file) == 0;
}

static bool
write_summary(FILE *file, const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	const struct suite *suite = attempts[0].suite;

	fprintf(file, "attempt\tregime\tblocks\tmeasure\tns\tq10\tq90\t"
	    "rings_per_100\n");
	for (unsigned a = 0; a < SAMPLE_ATTEMPTS; a++) {
		const struct attempt *at = &attempts[a];

		for (unsigned m = 0; m < suite->n; m++)
			fprintf(file, "%u\t%s\t%u\t%s\t%.2f\t%.2f\t%.2f\t%.4f\n",
			    a + 1, at->regime, at->kept, suite->measure[m].key,
			    at->ns[m].median, at->ns[m].q10, at->ns[m].q90,
			    at->rounds[m] == 0 ? 0 : (double)at->rings[m] *
			    100 / sample_rounds(at, m));
	}
	return fclose(file) == 0;
}

const char *
files_write(const char *folder,
    const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	const char *suite = attempts[0].suite->name;
	FILE *file = create(folder, suite, "blocks");

	if (file == NULL || !write_blocks(file, attempts))
		return path;
	file = create(folder, suite, "summary");
	if (file == NULL || !write_summary(file, attempts))
		return path;
	return NULL;
}

const char *
files_write_local(const char *folder, const struct local_cost *cost)
{
	FILE *file = create(folder, "", "local");

	if (file == NULL)
		return path;
	fprintf(file, "what\tns\nempty-set-call\t%.2f\nfunction-call\t%.2f\n",
	    cost->empty_set, cost->function);
	return fclose(file) == 0 ? NULL : path;
}

const char *
files_write_honesty(const char *folder,
    const struct attempt attempts[SAMPLE_ATTEMPTS])
{
	FILE *file = create(folder, "", "honesty");

	if (file == NULL)
		return path;
	report_honesty(file, attempts);
	return fclose(file) == 0 ? NULL : path;
}

const char *
files_write_kicks(const char *folder,
    const struct kick_count kicks[KICK_BURSTS])
{
	FILE *file = create(folder, "", "kicks");

	if (file == NULL)
		return path;
	fprintf(file, "burst\tmessages\tours\tqueue2005\n");
	for (unsigned b = 0; b < KICK_BURSTS; b++)
		fprintf(file, "%u\t%llu\t%llu\t%llu\n", kicks[b].burst,
		    (unsigned long long)kicks[b].messages,
		    (unsigned long long)kicks[b].ours,
		    (unsigned long long)kicks[b].old);
	return fclose(file) == 0 ? NULL : path;
}
