// SPDX-License-Identifier: BSD-2-Clause
//! What `tlb_shootdown.rs` wants of Theseus' `memory`, for kernels that have none:
//! pages, ranges of them, and the place where the broadcast is registered.
#![no_std]

use core::ops::RangeInclusive;
use core::sync::atomic::{AtomicPtr, Ordering};
use core::{mem, ptr};

pub const PAGE_SHIFT: usize = 12;
pub const PAGE_SIZE: usize = 1 << PAGE_SHIFT;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VirtualAddress(usize);

impl VirtualAddress {
    /// Bit 47 is repeated in those above it.
    pub const fn new_canonical(addr: usize) -> VirtualAddress {
        VirtualAddress((((addr << 16) as isize) >> 16) as usize)
    }

    pub const fn value(&self) -> usize {
        self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Page {
    number: usize,
}

impl Page {
    pub const fn containing_address(addr: VirtualAddress) -> Page {
        Page {
            number: addr.value() >> PAGE_SHIFT,
        }
    }

    pub const fn start_address(&self) -> VirtualAddress {
        VirtualAddress::new_canonical(self.number << PAGE_SHIFT)
    }
}

/// From one page to another, which is the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRange(RangeInclusive<usize>);

impl PageRange {
    pub const fn new(start: Page, end: Page) -> PageRange {
        PageRange(RangeInclusive::new(start.number, end.number))
    }

    pub const fn empty() -> PageRange {
        PageRange(RangeInclusive::new(1, 0))
    }

    /// The pages that the bytes touch.
    pub fn from_virt_addr(starting_virt_addr: VirtualAddress, size_in_bytes: usize) -> PageRange {
        if size_in_bytes == 0 {
            return PageRange::empty();
        }
        let last = starting_virt_addr.value().saturating_add(size_in_bytes - 1);
        PageRange(RangeInclusive::new(
            starting_virt_addr.value() >> PAGE_SHIFT,
            last >> PAGE_SHIFT,
        ))
    }

    pub const fn start_address(&self) -> VirtualAddress {
        VirtualAddress::new_canonical(*self.0.start() << PAGE_SHIFT)
    }

    pub fn size_in_pages(&self) -> usize {
        if self.0.is_empty() {
            0
        } else {
            *self.0.end() - *self.0.start() + 1
        }
    }
}

pub struct PageRangeIter(RangeInclusive<usize>);

impl Iterator for PageRangeIter {
    type Item = Page;

    fn next(&mut self) -> Option<Page> {
        self.0.next().map(|number| Page { number })
    }
}

impl IntoIterator for PageRange {
    type Item = Page;
    type IntoIter = PageRangeIter;

    fn into_iter(self) -> PageRangeIter {
        PageRangeIter(self.0)
    }
}

/// The function that mapping and unmapping call when entries have changed.
pub struct BroadcastTlbShootdownFunc(AtomicPtr<()>);

impl BroadcastTlbShootdownFunc {
    pub fn get(&self) -> Option<fn(PageRange)> {
        let func = self.0.load(Ordering::Acquire);
        if func.is_null() {
            return None;
        }
        // SAFETY: only set_broadcast_tlb_shootdown_cb() writes it.
        Some(unsafe { mem::transmute::<*mut (), fn(PageRange)>(func) })
    }
}

pub static BROADCAST_TLB_SHOOTDOWN_FUNC: BroadcastTlbShootdownFunc =
    BroadcastTlbShootdownFunc(AtomicPtr::new(ptr::null_mut()));

pub fn set_broadcast_tlb_shootdown_cb(func: fn(PageRange)) {
    BROADCAST_TLB_SHOOTDOWN_FUNC
        .0
        .store(func as *mut (), Ordering::Release);
}
