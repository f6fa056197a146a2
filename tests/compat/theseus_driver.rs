// SPDX-License-Identifier: BSD-2-Clause
//! The parts of a kernel that meet `tlb_shootdown`, as their author would have
//! written them with nothing but Theseus' names at hand: bring-up, the unmapping
//! of pages, and the handler of non-maskable interrupts.
//!
//! It is never changed together with what it is compiled against.
#![no_std]

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

use interrupts as _;
use memory::{Page, PageRange, VirtualAddress, BROADCAST_TLB_SHOOTDOWN_FUNC};

extern "C" {
    /// The kernel's page tables: remove one entry, and flush nothing.
    fn page_table_clear(page_address: usize);
    fn kernel_panic() -> !;
}

/// NMIs that were no shootdown.
static OTHER_NMIS: AtomicUsize = AtomicUsize::new(0);

/// Before the other CPUs are started.
#[no_mangle]
pub extern "C" fn captain_init() {
    tlb_shootdown::init();
}

/// Clears the entries of some pages, and has every CPU forget them.
fn unmap(pages: PageRange) -> usize {
    let size_in_pages = pages.size_in_pages();
    for page in pages.clone() {
        unsafe { page_table_clear(page.start_address().value()) };
    }
    if let Some(broadcast_tlb_shootdown) = BROADCAST_TLB_SHOOTDOWN_FUNC.get() {
        broadcast_tlb_shootdown(pages);
    }
    size_in_pages
}

/// Unmaps whatever pages the bytes touch; answers with how many these are.
#[no_mangle]
pub extern "C" fn mapped_pages_unmap(start: usize, size_in_bytes: usize) -> usize {
    unmap(PageRange::from_virt_addr(
        VirtualAddress::new_canonical(start),
        size_in_bytes,
    ))
}

/// The same, from the page of one address to the page of another.
#[no_mangle]
pub extern "C" fn mapped_pages_unmap_through(first: usize, last: usize) -> usize {
    unmap(PageRange::new(
        Page::containing_address(VirtualAddress::new_canonical(first)),
        Page::containing_address(VirtualAddress::new_canonical(last)),
    ))
}

#[no_mangle]
pub extern "C" fn mapped_pages_unmap_none() -> usize {
    unmap(PageRange::empty())
}

/// What the vector of non-maskable interrupts enters.
#[no_mangle]
pub extern "C" fn nmi_handler() -> bool {
    if tlb_shootdown::handle_tlb_shootdown_ipi() {
        return true;
    }
    OTHER_NMIS.fetch_add(1, Ordering::AcqRel);
    false
}

#[no_mangle]
pub extern "C" fn other_nmis() -> usize {
    OTHER_NMIS.load(Ordering::Acquire)
}

#[panic_handler]
fn panic(_info: &PanicInfo) -> ! {
    unsafe { kernel_panic() }
}
