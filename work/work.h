/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * work.h: the entry of the workloads, for the program that is a machine.
 *
 * The machine has its CPUs up and online in a domain, each in the loop behind
 * mach_run_all(); then CPU 0 calls work_main() once, from a thread with its
 * doorbell open.
 */
#ifndef XCPU_WORK_WORK_H
#define XCPU_WORK_WORK_H

#include <stddef.h>

/*
 * Runs what the key=value words ask for (options.h lists the keys) and prints a
 * table.  `module` is a compiled trace for work=replay, or NULL.  Returns 0, or
 * 1 after saying what failed, or 2 when the words make no sense.
 */
int work_main(const char *words, const void *module, size_t module_len);

#endif /* XCPU_WORK_WORK_H */
