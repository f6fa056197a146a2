/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_all.c: the whole library as one file, for hosts that add just one.
 */
#include "call.c"
#include "carrier.c"
#include "cpuset.c"
#include "domain.c"
#include "doorbell.c"
#include "drain.c"
#include "dump.c"
#include "error.c"
#include "event.c"
#include "flight.c"
#include "flush.c"
#include "round.c"
#include "shootdown.c"
#include "slot.c"
#include "space.c"
#include "start.c"
#include "stat.c"
#include "wait.c"
