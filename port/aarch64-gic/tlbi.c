/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlbi.c: see tlbi.h.
 *
 * The stores to page tables must be seen by the walkers before the TLBI, or one
 * could fill in the old entry behind it: xcpu_port_pte_publish() did that for
 * all CPUs, and a CPU that is kicked knows of its initiator's by the kick.
 */
#include <xcpu/port.h>

#include "arm_insn.h"
#include "tlbi.h"

/* Of CTR_EL0: log2 of the words in a line, and what need not be done. */
#define CTR_ILINE(ctr)	(4u << ((ctr) & 0xf))
#define CTR_DLINE(ctr)	(4u << ((ctr) >> 16 & 0xf))
#define CTR_IDC		(UINT64_C(1) << 28)
#define CTR_DIC		(UINT64_C(1) << 29)

#define VA_PAGES	UINT64_C(0x00000fffffffffff)	/* bits 55 to 12 */

typedef void tlbi_fn(uint64_t operand);

/* One way to reach TLBs: which instruction forgets what, and what waits. */
struct reach {
	tlbi_fn *page[2], *kernel_page[2];	/* [1]: with upper levels */
	tlbi_fn *asid, *all;
	void (*wait)(void);
};

static const struct reach here = {
	{ xcpu_arm_tlbi_vale1, xcpu_arm_tlbi_vae1 },
	{ xcpu_arm_tlbi_vaale1, xcpu_arm_tlbi_vaae1 },
	xcpu_arm_tlbi_aside1, xcpu_arm_tlbi_vmalle1, xcpu_arm_dsb_nsh
};

static const struct reach everywhere = {
	{ xcpu_arm_tlbi_vale1is, xcpu_arm_tlbi_vae1is },
	{ xcpu_arm_tlbi_vaale1is, xcpu_arm_tlbi_vaae1is },
	xcpu_arm_tlbi_aside1is, xcpu_arm_tlbi_vmalle1is, xcpu_arm_dsb_ish
};

struct xcpu_arm_tlb xcpu_arm_tlb;

static uint64_t
operand_of(uint64_t va, unsigned asid)
{
	return (uint64_t)asid << 48 | (va >> 12 & VA_PAGES);
}

static void
forget(const struct reach *reach, const struct xcpu_flush *request,
    unsigned asid)
{
	bool kernel = request->space->kernel;
	bool tables = (request->flags & XCPU_FLUSH_TABLES) != 0;
	tlbi_fn *page = kernel ? reach->kernel_page[tables] :
	    reach->page[tables];
	uint64_t stride = UINT64_C(1) << request->stride_shift;

	if (request->flags & XCPU_FLUSH_FULL) {
		(kernel ? reach->all : reach->asid)(operand_of(0, asid));
		return;
	}
	for (uint64_t done = 0; done < request->len; done += stride)
		page(operand_of(request->start + done, kernel ? 0 : asid));
}

static void
forget_and_wait(const struct reach *reach, const struct xcpu_flush *request,
    unsigned asid)
{
	for (unsigned turn = 0; turn <= xcpu_arm_tlb.repeat; turn++) {
		forget(reach, request, asid);
		reach->wait();
	}
	xcpu_arm_isb();
}

void
xcpu_arm_tlb_flush(const struct xcpu_flush *request, unsigned asid)
{
	forget_and_wait(&here, request, asid);
}

void
xcpu_arm_tlb_remote(const struct xcpu_flush *request, unsigned asid,
    struct xcpu_cpuset *todo)
{
	if (xcpu_arm_tlb.no_broadcast || xcpu_cpuset_empty(todo))
		return;
	forget_and_wait(&everywhere, request, asid);
	xcpu_cpuset_zero(todo);
}

static void
flush_whole(unsigned asid, bool kernel)
{
	struct xcpu_space space = { .kernel = kernel };
	struct xcpu_flush request = {
		.space = &space, .flags = XCPU_FLUSH_FULL
	};

	forget_and_wait(&here, &request, asid);
}

void
xcpu_arm_tlb_flush_asid(unsigned asid)
{
	flush_whole(asid, false);
}

void
xcpu_arm_tlb_flush_all(void)
{
	flush_whole(0, true);
}

/*
 * With tables, as either entry may be one: whoever cached a page below it, or
 * the way there, forgets both.
 */
int
xcpu_arm_replace(struct xcpu_space *space, uint64_t va, uint64_t len,
    uint64_t *entry, uint64_t value)
{
	const struct xcpu_flush_opt opt = { .flags = XCPU_FLUSH_TABLES };
	int error;

	/* rlx: the shootdown publishes it */
	__atomic_store_n(entry, 0, __ATOMIC_RELAXED);
	error = xcpu_shootdown(space, va, len, &opt);
	if (error != 0)
		return error;
	/* Release: what is in the frame, then the way to it. */
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
	xcpu_port_pte_publish();
	xcpu_arm_isb();		/* or the caller's next access may still fault */
	return 0;
}

static void
each_line(const void *start, size_t len, unsigned line, tlbi_fn *fn)
{
	uint64_t va = (uint64_t)start & ~(uint64_t)(line - 1);

	for (; va < (uint64_t)start + len; va += line)
		fn(va);
}

void
xcpu_arm_code_written(const void *start, size_t len_bytes)
{
	uint64_t ctr = xcpu_arm_ctr();

	if (!(ctr & CTR_IDC))
		each_line(start, len_bytes, CTR_DLINE(ctr), xcpu_arm_dc_cvau);
	xcpu_arm_dsb_ish();
	if (!(ctr & CTR_DIC))
		each_line(start, len_bytes, CTR_ILINE(ctr), xcpu_arm_ic_ivau);
	xcpu_arm_dsb_ish();
}

void
xcpu_arm_core_sync(void)
{
	xcpu_arm_isb();
}
