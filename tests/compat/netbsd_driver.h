/* SPDX-License-Identifier: BSD-2-Clause */
/* netbsd_driver.h: what the driver's users call. */
#ifndef TESTS_COMPAT_NETBSD_DRIVER_H
#define TESTS_COMPAT_NETBSD_DRIVER_H

#include <stdbool.h>

#define PCQ_MAXCPUS 4096

int pcq_attach(void);
void pcq_detach(void);
void pcq_kick(unsigned int cpu);
void pcq_kick_users(void);
void pcq_kick_all(bool skip_self);
unsigned long pcq_rung(unsigned int cpu);
unsigned long pcq_read_one(unsigned int cpu);
unsigned long pcq_read_sum(bool users);

#endif /* TESTS_COMPAT_NETBSD_DRIVER_H */
