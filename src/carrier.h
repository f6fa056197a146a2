/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * carrier.h: the slots that carry calls, between call.c and carrier.c.
 */
#ifndef XCPU_CARRIER_H
#define XCPU_CARRIER_H

#include "internal.h"

/* What is asked of each target; object is NULL where somebody waits. */
struct xcpui_request {
	xcpu_fn *fn;
	void *arg;
	struct xcpu_call *object;
};

int xcpui_carrier_hold(struct xcpu_cpu *self, bool nobody_waits);
void xcpui_carrier_release(struct xcpu_cpu *self, int slot);
void xcpui_carrier_publish(struct xcpu_cpu *self, int slot,
    const struct xcpu_cpuset *set, const struct xcpui_request *request);
void xcpui_carrier_withdraw(struct xcpu_cpu *self, int slot,
    struct xcpu_cpuset *set);
void xcpui_carrier_cancel(struct xcpu_cpu *self, int slot,
    struct xcpu_cpuset *cancelled, struct xcpu_cpuset *running);
bool xcpui_carrier_idle(const struct xcpu_cpu *self, int slot);
void xcpui_carrier_open(const struct xcpu_cpu *self, int slot,
    struct xcpu_cpuset *set);

/* One target of an object is done, or never began. */
void xcpui_call_finish(struct xcpu_cpu *self, struct xcpu_call *call);

#endif /* XCPU_CARRIER_H */
