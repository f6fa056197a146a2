// SPDX-License-Identifier: BSD-2-Clause
//! The kernel's `interrupts`, as far as `tlb_shootdown::init()` goes where
//! shootdowns come as an inter-processor interrupt of their own.
//!
//! It is never changed together with what it is compiled against.
#![no_std]

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

pub struct ExceptionContext;

#[derive(PartialEq)]
pub enum EoiBehaviour {
    CallerMustSignalEoi,
    HandlerHasSignaledEoi,
}

pub type InterruptNumber = u8;
pub type InterruptHandler = extern "C" fn(&ExceptionContext) -> EoiBehaviour;

pub const TLB_SHOOTDOWN_IPI: InterruptNumber = 2;

static HANDLER: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

pub fn setup_ipi_handler(
    handler: InterruptHandler,
    local_num: InterruptNumber,
) -> Result<(), &'static str> {
    if local_num != TLB_SHOOTDOWN_IPI {
        return Err("no such inter-processor interrupt");
    }
    match HANDLER.compare_exchange(
        ptr::null_mut(),
        handler as *mut (),
        Ordering::AcqRel,
        Ordering::Acquire,
    ) {
        Ok(_) => Ok(()),
        Err(_) => Err("the interrupt has a handler"),
    }
}

/// The interrupt: false when nobody handles it, or the controller is not told.
#[no_mangle]
pub extern "C" fn ipi_vector() -> bool {
    let handler = HANDLER.load(Ordering::Acquire);
    if handler.is_null() {
        return false;
    }
    let handler: InterruptHandler = unsafe { core::mem::transmute(handler) };
    handler(&ExceptionContext) == EoiBehaviour::CallerMustSignalEoi
}
