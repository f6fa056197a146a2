/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h: the arrays of programs, one per file, each ended by NULL.
 */
#ifndef XCPU_EXPLORE_TABLE_H
#define XCPU_EXPLORE_TABLE_H

#include "../program.h"

extern const struct explore_program *const event_programs[];
extern const struct explore_program *const poll_programs[];
extern const struct explore_program *const call_programs[];
extern const struct explore_program *const deadline_programs[];
extern const struct explore_program *const object_programs[];
extern const struct explore_program *const flush_programs[];
extern const struct explore_program *const lazy_programs[];
extern const struct explore_program *const entry_programs[];
extern const struct explore_program *const async_programs[];
extern const struct explore_program *const defer_programs[];
extern const struct explore_program *const batch_programs[];
extern const struct explore_program *const range_programs[];
extern const struct explore_program *const top_programs[];
extern const struct explore_program *const unregister_programs[];
extern const struct explore_program *const hotplug_programs[];
extern const struct explore_program *const hotplug_flush_programs[];
extern const struct explore_program *const order_programs[];
extern const struct explore_program *const msg_programs[];
extern const struct explore_program *const msg_wait_programs[];
extern const struct explore_program *const msg_life_programs[];
extern const struct explore_program *const msg_watch_programs[];
extern const struct explore_program *const sync_programs[];
extern const struct explore_program *const sync_undo_programs[];
extern const struct explore_program *const sync_meets_programs[];
extern const struct explore_program *const sync_msg_programs[];
extern const struct explore_program *const early_programs[];
extern const struct explore_program *const quiesce_programs[];
extern const struct explore_program *const icache_programs[];
extern const struct explore_program *const notifier_programs[];
extern const struct explore_program *const sync_room_programs[];
extern const struct explore_program *const stop_programs[];
extern const struct explore_program *const stand_programs[];
extern const struct explore_program *const stand_hotplug_programs[];
extern const struct explore_program *const cycle_programs[];
extern const struct explore_program *const dead_programs[];
extern const struct explore_program *const asid_programs[];
extern const struct explore_program *const asid_global_programs[];
extern const struct explore_program *const guest_programs[];
extern const struct explore_program *const walk_programs[];
extern const struct explore_program *const dead_room_programs[];
extern const struct explore_program *const dead_stop_programs[];
extern const struct explore_program *const dead_late_programs[];
extern const struct explore_program *const dead_told_programs[];
extern const struct explore_program *const dead_asid_programs[];
extern const struct explore_program *const suspend_programs[];

#endif /* XCPU_EXPLORE_TABLE_H */
