/* SPDX-License-Identifier: BSD-2-Clause */
/* sbi.c: a set of CPUs becomes calls of the firmware, one for each window. */
#include <stddef.h>

#include <xcpu/error.h>

#include "riscv_insn.h"
#include "sbi.h"

#define BASE_PROBE		3u
#define IPI_SEND		0u
#define RFENCE_SFENCE		1u	/* under every ASID */
#define RFENCE_SFENCE_ASID	2u

bool
xcpu_sbi_has(uint64_t extension)
{
	const struct xcpu_sbi_call call = {
		.extension = XCPU_SBI_EXT_BASE,
		.function = BASE_PROBE,
		.arg = { extension },
	};
	uint64_t has = 0;

	return xcpu_riscv_ecall(&call, &has) == 0 && has != 0;
}

int
xcpu_sbi_kick(const struct xcpu_harts *harts, const struct xcpu_cpuset *set)
{
	struct xcpu_cpuset todo = *set;
	struct xcpu_hart_mask window;
	int error = 0;

	if (!xcpu_ids_has_all(&harts->cpus, set))
		return -XCPU_EINVAL;
	/* ends: each turn takes at least one CPU out */
	while (!xcpu_cpuset_empty(&todo)) {
		xcpu_harts_take(harts, &todo, &window);
		const struct xcpu_sbi_call call = {
			.extension = XCPU_SBI_EXT_IPI,
			.function = IPI_SEND,
			.arg = { window.mask, window.base },
		};
		if (xcpu_riscv_ecall(&call, NULL) != 0)
			error = -XCPU_ENXIO;
	}
	return error;
}

/* SBI has no flag for "everything": that is a length of all ones. */
static bool
fence_window(const struct xcpu_hart_mask *window,
    const struct xcpu_sbi_range *range)
{
	bool all = range->asid == XCPU_SBI_ASID_ALL;
	const struct xcpu_sbi_call call = {
		.extension = XCPU_SBI_EXT_RFENCE,
		.function = all ? RFENCE_SFENCE : RFENCE_SFENCE_ASID,
		.arg = {
			window->mask, window->base,
			range->len == UINT64_MAX ? 0 : range->start,
			range->len,
			all ? 0 : range->asid,
		},
	};

	return xcpu_riscv_ecall(&call, NULL) == 0;
}

void
xcpu_sbi_fence(const struct xcpu_harts *harts, struct xcpu_cpuset *todo,
    const struct xcpu_sbi_range *range)
{
	struct xcpu_cpuset rest = *todo;
	struct xcpu_hart_mask window;

	xcpu_cpuset_and(&rest, &harts->cpus.present);
	/* ends: each turn takes at least one CPU out */
	while (!xcpu_cpuset_empty(&rest)) {
		xcpu_harts_take(harts, &rest, &window);
		if (fence_window(&window, range))
			xcpu_cpuset_andnot(todo, &window.cpus);
	}
}
