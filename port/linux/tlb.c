/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tlb.c: one software TLB per CPU, and the hooks that make it forget.
 *
 * Only its own CPU reads or changes a TLB.  An access (look up, walk and fill on
 * a miss, touch the frame) is one instruction of the machine: no interrupt falls
 * into it, not even an NMI, or a flush served in the middle would be answered
 * and the old translation filled in behind it.  Nothing else drops an entry: a
 * translation stays until it is flushed, evicted, or refused a right, be its
 * page table entry ever so different by now.
 *
 * What is dropped is counted before it is gone, so that two equal counts around
 * an access are proof that nothing was.  Pages share counters, on the safe side.
 */
#include "host.h"
#include "mmu.h"

#define ENTRIES		(TLB_SETS * TLB_WAYS)

static inline struct tlb *
tlb_own(void)
{
	return &xcpu_linux_self.cpu->tlb;
}

/* ---- dropping; doorbell masked, but an NMI may come and drop as well ---- */

static void
stamp(uint64_t *word)
{
	__atomic_fetch_add(word, 1, __ATOMIC_RELEASE);
}

static uint64_t *
stamp_of(struct tlb *tlb, uint64_t va)
{
	return &tlb->dropped[(va >> MACH_PAGE_SHIFT) % TLB_STAMPS];
}

static struct tlb_entry *
set_of(struct tlb *tlb, uint64_t va)
{
	return tlb->entry[(va >> MACH_PAGE_SHIFT) % TLB_SETS];
}

/* What an entry of the page is marked with, under a tag. */
static uint64_t
key_of(uint64_t page, unsigned tag)
{
	return page | (mmu_is_kernel(page) ? 0 : tag << 1) | 1;
}

static void
drop_page(struct tlb *tlb, uint64_t page, unsigned tag)
{
	struct tlb_entry *set = set_of(tlb, page);

	stamp(stamp_of(tlb, page));
	for (unsigned way = 0; way < TLB_WAYS; way++)
		if (set[way].page == key_of(page, tag))
			set[way].page = 0;
}

/* All that is not the kernel's, under one tag, or under any. */
static void
drop_user(struct tlb *tlb, unsigned tag, bool any)
{
	struct tlb_entry *entry = tlb->entry[0];

	stamp(&tlb->dropped_user);
	for (unsigned i = 0; i < ENTRIES; i++)
		if (!mmu_is_kernel(entry[i].page) &&
		    (any || (entry[i].page & (MACH_PAGE_SIZE - 1)) >> 1 == tag))
			entry[i].page = 0;
}

static void
drop_everything(struct tlb *tlb)
{
	struct tlb_entry *entry = tlb->entry[0];

	stamp(&tlb->dropped_all);
	for (unsigned i = 0; i < ENTRIES; i++)
		entry[i].page = 0;
}

bool
mach_drops_all(void)
{
	return false;
}

bool
mach_flushes_at_once(void)
{
	return false;
}

uint64_t
mach_drop_stamp(unsigned cpu, uint64_t va)
{
	struct tlb *tlb = &host.cpu[cpu].tlb;
	uint64_t count = __atomic_load_n(stamp_of(tlb, va), __ATOMIC_ACQUIRE) +
	    __atomic_load_n(&tlb->dropped_all, __ATOMIC_ACQUIRE);

	if (!mmu_is_kernel(va))
		count += __atomic_load_n(&tlb->dropped_user, __ATOMIC_ACQUIRE);
	return count;
}

/* ---- the hooks ---- */

void
mach_blind_arm(unsigned cpu)
{
	struct tlb *tlb = &host.cpu[cpu].tlb;

	__atomic_store_n(&tlb->blind_taken, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&tlb->blind_armed, 1, __ATOMIC_RELEASE);
}

bool
mach_blind_taken(unsigned cpu)
{
	return __atomic_load_n(&host.cpu[cpu].tlb.blind_taken,
	    __ATOMIC_ACQUIRE) != 0;
}

/* Whether this flush is the one to leave out. */
static bool
blind(struct tlb *tlb)
{
	if (__builtin_expect(__atomic_load_n(&tlb->blind_armed,
	    __ATOMIC_RELAXED) == 0, 1))
		return false;
	__atomic_store_n(&tlb->blind_armed, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&tlb->blind_taken, 1, __ATOMIC_RELEASE);
	return true;
}

void
xcpu_port_tlb_flush(const struct xcpu_flush *request)
{
	struct tlb *tlb = tlb_own();
	uint64_t npages = request->len >> MACH_PAGE_SHIFT;
	unsigned tag = tlb->tag;

	if (host_faults.on)
		faults_freeze(xcpu_linux_self.cpu, FAULT_AT_FLUSH);
	if (blind(tlb))
		return;
	if (!host_asid_flush(request, &tag))
		return;
	if ((request->flags & XCPU_FLUSH_FULL) || npages > ENTRIES) {
		if (request->space->kernel)
			drop_everything(tlb);
		else
			drop_user(tlb, tag, HOST_ASIDS == 0);
		return;
	}
	for (uint64_t i = 0; i < npages; i++)
		drop_page(tlb, request->start + (i << MACH_PAGE_SHIFT), tag);
}

void
xcpu_port_root_load(struct xcpu_space *space)
{
	struct tlb *tlb = tlb_own();

	struct mach_space *next = space != NULL ? space->host : NULL;
	struct xcpu_asid_load load;

	host_asid_load(next, &load);
	if (load.flush_all || load.flush)
		drop_user(tlb, load.asid, load.flush_all);
	else
		stamp(&tlb->dropped_user);
	tlb->space = next;
	tlb->tag = load.asid;
}

/* ---- accesses ---- */

static struct tlb_entry *
find(struct tlb *tlb, uint64_t page)
{
	struct tlb_entry *set = set_of(tlb, page);

	for (unsigned way = 0; way < TLB_WAYS; way++)
		if (set[way].page == key_of(page, tlb->tag))
			return &set[way];
	return NULL;
}

/* An empty way, or one that is emptied for it. */
static struct tlb_entry *
make_room(struct tlb *tlb, uint64_t page)
{
	struct tlb_entry *set = set_of(tlb, page), *entry;

	for (unsigned way = 0; way < TLB_WAYS; way++)
		if (set[way].page == 0)
			return &set[way];
	entry = &set[tlb->victim++ % TLB_WAYS];
	stamp(stamp_of(tlb, entry->page));
	return entry;
}

/* What is cached, else what the tables say now; 0: no right. */
static uint64_t
translate(struct tlb *tlb, uint64_t va, uint64_t need)
{
	uint64_t page = va & ~(MACH_PAGE_SIZE - 1);
	struct tlb_entry *entry = find(tlb, page);
	uint64_t pte;

	if (entry != NULL && (entry->pte & need) == need)
		return entry->pte;
	/* Refused: as on x86, the entry goes, and the tables decide. */
	if (entry != NULL)
		drop_page(tlb, page, tlb->tag);
	pte = mmu_walk(tlb->space, va);
	if ((pte & need) != need)
		return 0;
	entry = make_room(tlb, page);
	entry->pte = pte;
	entry->page = key_of(page, tlb->tag);
	return pte;
}

static void
touch(struct mach_access *access, uint64_t pte)
{
	uint64_t *words = host_frame_words(pte & PTE_FRAME);
	uint64_t *word;

	if (words == NULL)
		host_panic("REPORT stale read: %#lx is mapped to %#lx, which is "
		    "no frame: a page table was freed", (unsigned long)access->va,
		    (unsigned long)(pte & PTE_FRAME));
	word = &words[access->va % MACH_PAGE_SIZE / sizeof(*words)];
	if (access->op == MACH_STORE)
		__atomic_store_n(word, access->value, __ATOMIC_RELAXED);
	else
		access->value = __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* User mode begins, or ends, with what the kernel does on that way. */
static void
user_mode(bool begins)
{
	unsigned long state = xcpu_port_irq_save();

	if (begins)
		host_left();
	else
		host_entered();
	xcpu_linux_self.user = begins;
	xcpu_port_irq_restore(state);
}

void
mach_access(enum mach_access_mode mode, struct mach_access *list, unsigned n)
{
	struct tlb *tlb = tlb_own();
	uint64_t rights = PTE_PRESENT | (mode == MACH_AS_USER ? PTE_USER : 0);

	if (mode == MACH_AS_USER)
		user_mode(true);
	for (unsigned i = 0; i < n; i++) {
		struct mach_access *access = &list[i];
		unsigned long state = host_instruction_begin();
		uint64_t pte = translate(tlb, access->va,
		    rights | (access->op == MACH_STORE ? PTE_WRITE : 0));

		access->fault = pte == 0;
		if (pte != 0)
			touch(access, pte);
		host_instruction_end(state);
		xcpu_port_relax(i);
	}
	if (mode == MACH_AS_USER)
		user_mode(false);
}
