// SPDX-License-Identifier: BSD-2-Clause
//! Theseus' `tlb_shootdown` over xcpu: the names and signatures of that crate,
//! for the kernel that has a `memory` (its own, or `memory.rs`) and links
//! `tlb_shootdown.c`, whose header says what each function promises.
//!
//! A kernel for aarch64 has `interrupts`, too: shootdowns are an inter-processor
//! interrupt of their own there.  `--cfg tlb_shootdown_ipi` is the same on other
//! machines.
#![no_std]

use memory::PageRange;

mod ffi {
    extern "C" {
        pub fn tlb_shootdown_init();
        pub fn broadcast_tlb_shootdown(start: usize, npages: usize);
        pub fn handle_tlb_shootdown_ipi() -> bool;
    }
}

/// Registers the broadcast with the memory subsystem, and where shootdowns have
/// an interrupt of their own its handler.
///
/// On the boot CPU, once it is online and before the others are.
pub fn init() {
    // SAFETY: writes what no other CPU reads before it is started.
    unsafe { ffi::tlb_shootdown_init() };
    memory::set_broadcast_tlb_shootdown_cb(broadcast_tlb_shootdown);

    #[cfg(any(target_arch = "aarch64", tlb_shootdown_ipi))]
    interrupts::setup_ipi_handler(tlb_shootdown_ipi_handler, interrupts::TLB_SHOOTDOWN_IPI)
        .expect("tlb_shootdown::init(): the interrupt has another handler");
}

/// Has every CPU forget the pages, whose entries the caller has changed: when it
/// returns their frames, and tables, may be reused.
///
/// Anywhere but in an NMI.
pub fn broadcast_tlb_shootdown(pages: PageRange) {
    let start = pages.start_address().value();
    // SAFETY: a TLB holds nothing but copies.
    unsafe { ffi::broadcast_tlb_shootdown(start, pages.size_in_pages()) };
}

/// To be called for every NMI: serves the broadcasts of others.
///
/// True when pages were flushed, by this call, or when an NMI comes late, before
/// it; false when the NMI was none of ours.  It takes no lock and logs nothing.
pub fn handle_tlb_shootdown_ipi() -> bool {
    // SAFETY: may be called whenever an NMI may come, which is always.
    unsafe { ffi::handle_tlb_shootdown_ipi() }
}

/// One that comes for nothing does no harm.
#[cfg(any(target_arch = "aarch64", tlb_shootdown_ipi))]
#[allow(improper_ctypes_definitions)] // the kernel's types, and its own calls
extern "C" fn tlb_shootdown_ipi_handler(
    _context: &interrupts::ExceptionContext,
) -> interrupts::EoiBehaviour {
    let _ours = handle_tlb_shootdown_ipi();
    interrupts::EoiBehaviour::CallerMustSignalEoi
}
