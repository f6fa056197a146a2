/* SPDX-License-Identifier: BSD-2-Clause */
/* dragonfly_driver.h: what the driver's users call. */
#ifndef TESTS_COMPAT_DRAGONFLY_DRIVER_H
#define TESTS_COMPAT_DRAGONFLY_DRIVER_H

#define OBJ_MAXCPUS	64
#define OBJ_PERCPU	1000

void obj_attach(void);
int obj_free(int cpu, int i, int hurry);
int obj_tryfree(int cpu, int i);
void obj_drain(int cpu);
int obj_nfree(int cpu);
int obj_forward_statclock(void);
int obj_statclock_bycpu(int cpu);
int obj_ticks(int cpu, int framed);
void obj_set_table(const int *table);
void obj_add_to_table(int *table, int n);
int obj_read_table(void);
void obj_reset(void);

#endif /* TESTS_COMPAT_DRAGONFLY_DRIVER_H */
