/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c: all programs, in the order in which they run.
 *
 * Each file lists its own.  What comes first is what the rest relies on.
 */
#include "table.h"

const struct explore_program *const *const explore_tables[] = {
	event_programs,
	poll_programs,
	call_programs,
	deadline_programs,
	object_programs,
	flush_programs,
	lazy_programs,
	entry_programs,
	async_programs,
	defer_programs,
	batch_programs,
	range_programs,
	top_programs,
	unregister_programs,
	hotplug_programs,
	hotplug_flush_programs,
	order_programs,
	msg_programs,
	msg_wait_programs,
	msg_life_programs,
	msg_watch_programs,
	sync_programs,
	sync_undo_programs,
	sync_meets_programs,
	sync_msg_programs,
	early_programs,
	quiesce_programs,
	icache_programs,
	notifier_programs,
	sync_room_programs,
	stop_programs,
	stand_programs,
	stand_hotplug_programs,
	cycle_programs,
	dead_programs,
	asid_programs,
	asid_global_programs,
	guest_programs,
	walk_programs,
	dead_room_programs,
	dead_stop_programs,
	dead_late_programs,
	dead_told_programs,
	dead_asid_programs,
	suspend_programs,
	NULL
};
