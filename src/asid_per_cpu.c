/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asid_per_cpu.c: each CPU gives its own few ASIDs to the spaces it used last.
 *
 * Shared: nothing but the counter that ids come from, which no two spaces ever
 * share: so a slot that names a space that is gone is never found again.
 *
 * The victim is the slot that was loaded longest ago.  With two slots or more
 * that is never the one just left, whose root is still loaded: a flush of the
 * victim's ASID before the switch is not undone by a walk.
 */
#include "asid.h"

static int XCPUI_COLD
init_per_cpu(struct xcpu_asids *asids)
{
	return (asids->flags & XCPU_ASID_BROADCAST) != 0 ? -XCPU_EINVAL : 0;
}

static uint64_t XCPUI_COLD
name_per_cpu(struct xcpu_asids *asids)
{
	/* rlx: all that matters is that they differ */
	return xcpu_fetch_add_rlx(&asids->next, 1) + 1;
}

static struct xcpu_asid_slot *
choose_own(struct xcpu_asids *asids, struct xcpu_asid_cpu *cpu,
    struct xcpu_asid *next, struct xcpu_asid_load *load)
{
	struct xcpu_asid_slot *found = &cpu->slot[0];
	uint64_t id;

	load->asid = 0;
	if (next == NULL)
		return NULL;
	id = xcpu_load_rlx(&next->id);	/* rlx: never changes */
	for (unsigned i = 0; i < asids->nslots; i++) {
		struct xcpu_asid_slot *slot = &cpu->slot[i];

		if (slot->id == id) {
			found = slot;
			break;
		}
		if (slot->used < found->used)
			found = slot;
	}
	if (found->id != id) {
		found->id = id;
		found->generation = 0;
	}
	load->asid = xcpui_asid_tag(asids, (unsigned)(found - cpu->slot) + 1);
	return found;
}

const struct xcpu_asid_kind xcpu_asid_per_cpu = {
	init_per_cpu, name_per_cpu, choose_own
};
