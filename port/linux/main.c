/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c: the program: the reference kernel's command line, on threads.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "options.h"
#include "work.h"

#define WORDS_MAX	2048
#define CPUS_USUAL	4

static const char help[] =
"usage: xcpu-threads [KEY=VALUE ...]\n"
"\n"
"Runs the workloads of the reference kernel on threads that play CPUs: kicks\n"
"are signals, page tables and TLBs are software.  Keys beside the kernel's own\n"
"(an unknown one lists those):\n"
"\n"
"  cpus=N      threads, 1 to %u (%u)\n"
"  trace=FILE  a compiled trace, for work=replay\n"
"  memory=MIB  frames and page tables (1024)\n"
"  faults=...  also drop:N dup:N delay:N (one kick in N; @N: only the N-th),\n"
"              deaf, freeze, with a comma between\n"
"\n"
"Exit status: 0 all well, 1 a promise was broken, 2 usage, 3 panic.\n"
"V=1 in the environment: a panic leaves a core file.\n";

/* The command line: our own keys, and the words for work_main(). */
struct command {
	char words[WORDS_MAX];
	char faults[WORDS_MAX];
	uint64_t memory_mib;
	struct work_options options;
};

static int
usage(const char *what, const char *detail)
{
	fprintf(stderr, "xcpu-threads: %s%s; try --help\n", what, detail);
	return HOST_EXIT_USAGE;
}

static bool
add_word(struct command *command, const char *word)
{
	size_t used = strlen(command->words);

	if (used + strlen(word) + 2 > sizeof(command->words))
		return false;
	strcpy(command->words + used, word);
	strcat(command->words, " ");
	return true;
}

static bool
take_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}

/* What the workloads are told of our faults: they know fewer. */
static const char *
faults_word(const char *faults)
{
	static const char *const shared[] = { "none", "stuck", "deaf" };

	for (unsigned i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (strcmp(faults, shared[i]) == 0)
			return shared[i];
	return strstr(faults, "deaf") != NULL ? "deaf" : "drop";
}

static bool
take_faults(struct command *command, const char *faults)
{
	char word[32];

	if (strlen(faults) >= sizeof(command->faults))
		return false;
	/* These are the workloads' own. */
	if (strcmp(faults, "none") != 0 && strcmp(faults, "stuck") != 0)
		strcpy(command->faults, faults);
	snprintf(word, sizeof(word), "faults=%s", faults_word(faults));
	return add_word(command, word);
}

static int
parse(int argc, char **argv, struct command *command)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		bool good;

		if (strncmp(word, "memory=", 7) == 0)
			good = take_number(word + 7, &command->memory_mib);
		else if (strncmp(word, "faults=", 7) == 0)
			good = take_faults(command, word + 7);
		else
			good = strpbrk(word, " \t\n") == NULL &&
			    add_word(command, word);
		if (!good)
			return usage("cannot make sense of ", word);
	}
	if (work_options_parse(command->words, &command->options) != 0)
		return HOST_EXIT_USAGE;
	return 0;
}

/* A whole file in memory; NULL, with errno, when it cannot be had. */
static void *
load(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	void *data = NULL;
	long size;

	if (file == NULL)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
		rewind(file);
		*len = (size_t)size;
		data = malloc(*len + 1);
		if (data != NULL && fread(data, 1, *len, file) != *len) {
			free(data);
			data = NULL;
		}
	}
	fclose(file);
	return data;
}

static bool
selftest_passes(void)
{
	int failed;

	mach_printf("selftest  ...\n");
	failed = host_selftest(true);
	mach_printf("          %d failed\n", failed);
	return failed == 0;
}

static int
run(const struct command *command, const void *module, size_t module_len)
{
	const struct work_options *options = &command->options;
	struct host_config config = {
		.ncpu = options->cpus != 0 ? options->cpus : CPUS_USUAL,
		.memory_bytes = command->memory_mib << 20,
		.seed = options->seed,
		.faults = command->faults,
	};
	const char *why = host_start(&config);
	int result;

	if (why != NULL)
		return usage(why, "");
	if (options->work == WORK_SELFTEST)
		result = host_selftest(false) != 0;
	else if (work_selftest_first(options) && !selftest_passes())
		result = 1;
	else
		result = work_main(command->words, module, module_len);
	host_stop();
	faults_print();
	return result;
}

int
main(int argc, char **argv)
{
	static struct command command;
	void *module = NULL;
	size_t module_len = 0;
	int result;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		printf(help, XCPU_NCPU_MAX, CPUS_USUAL);
		return 0;
	}
	result = parse(argc, argv, &command);
	if (result != 0)
		return result;
	if (command.options.trace[0] != '\0') {
		module = load(command.options.trace, &module_len);
		if (module == NULL) {
			fprintf(stderr, "xcpu-threads: %s: %s\n",
			    command.options.trace, strerror(errno));
			return HOST_EXIT_USAGE;
		}
	}
	result = run(&command, module, module_len);
	free(module);
	return result;
}
