/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flight.h: what call.c (waiting) and start.c (not waiting) share.
 */
#ifndef XCPU_FLIGHT_H
#define XCPU_FLIGHT_H

#include "carrier.h"
#include "internal.h"

struct xcpui_flight {
	struct xcpu_cpu *self;
	struct xcpu_line *line;		/* NULL: carried by `slot` */
	bool polled;			/* nobody had to be kicked */
	bool bare;			/* cannot be cancelled; one answer less */
	uint64_t id;
	unsigned group;
	int slot;			/* if bare: the target */
	struct xcpu_cpuset targets;	/* those that took it */
};

/*
 * Have some of its targets died?  Then -XCPU_ECANCELED, and they go over to
 * *lost; else the error as given.  dead.c, by the domain's pointer.
 */
typedef int xcpui_obituary(struct xcpui_flight *f, struct xcpu_cpuset *lost,
    int error);

bool xcpui_flight_over(struct xcpui_wait *wait);
void xcpui_flight_missing(struct xcpui_wait *wait, struct xcpu_cpuset *set);
bool xcpui_flight_token(struct xcpui_flight *f, unsigned cpu,
    const struct xcpui_request *request);
void xcpui_flight_post(struct xcpui_flight *f, const struct xcpu_cpuset *set,
    struct xcpu_cpuset *refused);
void xcpui_flight_take_back(struct xcpui_flight *f,
    struct xcpu_cpuset *refused);

/* ---- what every form of call does first ---- */

/* Leave out whom the predicate does not want. */
void xcpui_call_predicate(const struct xcpu_call_opt *opt, void *arg,
    struct xcpu_cpuset *set);
/* False, and who is not ready, if anybody of the set is not. */
bool xcpui_call_all_ready(const struct xcpu_domain *domain,
    const struct xcpu_cpuset *set, struct xcpu_cpuset *not_ready);

#endif /* XCPU_FLIGHT_H */
