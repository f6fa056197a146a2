/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu_tlb.c: a flush request becomes SFENCE.VMA, here or by the firmware.
 *
 * By the privileged architecture an SFENCE.VMA with an address orders only the
 * leaf entry of that address, so freed tables ask for one without; and one with
 * an ASID leaves global entries, so the kernel's space asks for one without.
 */
#include <xcpu/port.h>

#include "xcpu_port_riscv.h"

static bool
is_full(const struct xcpu_flush *request)
{
	return (request->flags & (XCPU_FLUSH_FULL | XCPU_FLUSH_TABLES)) != 0;
}

static uint64_t
asid_to_fence(const struct xcpu_flush *request, uint64_t asid)
{
	return request->space->kernel ? XCPU_RISCV_NO_ASID : asid;
}

static void
fence_page(uint64_t va, uint64_t asid)
{
	if (asid == XCPU_RISCV_NO_ASID)
		xcpu_riscv_sfence_page(va);
	else
		xcpu_riscv_sfence_page_asid(va, asid);
}

static void
invalidate_page(uint64_t va, uint64_t asid)
{
	if (asid == XCPU_RISCV_NO_ASID)
		xcpu_riscv_sinval_page(va);
	else
		xcpu_riscv_sinval_page_asid(va, asid);
}

/* Svinval pays for the order once, not for each page. */
static void
fence_range(const struct xcpu_flush *request, uint64_t asid)
{
	uint64_t page = UINT64_C(1) << request->stride_shift;
	bool many = xcpu_port_riscv.svinval && request->len > page;
	uint64_t done;

	if (many)
		xcpu_riscv_sfence_w_inval();
	for (done = 0; done < request->len; done += page) {
		if (many)
			invalidate_page(request->start + done, asid);
		else
			fence_page(request->start + done, asid);
	}
	if (many)
		xcpu_riscv_sfence_inval_ir();
}

void
xcpu_riscv_tlb_flush(const struct xcpu_flush *request, uint64_t asid)
{
	asid = asid_to_fence(request, asid);
	if (!is_full(request))
		fence_range(request, asid);
	else if (asid == XCPU_RISCV_NO_ASID)
		xcpu_riscv_sfence_all();
	else
		xcpu_riscv_sfence_asid(asid);
}

/* Larger pages than the fence's own steps are in the range all the same. */
void
xcpu_riscv_tlb_remote(const struct xcpu_flush *request, uint64_t asid,
    struct xcpu_cpuset *todo)
{
	const struct xcpu_sbi_range range = {
		.start = request->start,
		.len = is_full(request) ? UINT64_MAX : request->len,
		.asid = asid_to_fence(request, asid),
	};

	_Static_assert(XCPU_RISCV_NO_ASID == XCPU_SBI_ASID_ALL,
	    "no ASID: under all of them");
	xcpu_sbi_fence(xcpu_port_riscv.harts, todo, &range);
}
