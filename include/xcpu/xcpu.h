/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xcpu.h: all of the public API.
 *
 *	domain.h	the state, and how CPUs join and leave
 *	call.h		run a function on other CPUs
 *	event.h		registered handlers, posted by id
 *	sync.h		rendezvous: CPUs parked while something runs
 *	stop.h		stopping CPUs, panic, calls by NMI
 *	space.h flush.h	address spaces and TLB shootdown
 *	async.h		shootdowns that nobody waits for
 *	early.h		shootdowns that end with the claim
 *	entry.h		CPUs in user code, and the kernel's translations
 *	batch.h		unmap much, flush once, then free
 *	quiesce.h	page-table entries that change while nobody runs
 *	icache.h	instructions that were changed
 *	notifier.h	who else caches translations
 *	doorbell.h	entry points that the host calls
 *	wait.h stat.h trace.h	what it did, and what it waits for
 *	port.h		what the host supplies (included by ports only)
 */
#ifndef XCPU_XCPU_H
#define XCPU_XCPU_H

#define XCPU_VERSION "0.1.0"

#include <xcpu/async.h>
#include <xcpu/batch.h>
#include <xcpu/call.h>
#include <xcpu/config.h>
#include <xcpu/cpuset.h>
#include <xcpu/domain.h>
#include <xcpu/early.h>
#include <xcpu/entry.h>
#include <xcpu/doorbell.h>
#include <xcpu/error.h>
#include <xcpu/event.h>
#include <xcpu/flush.h>
#include <xcpu/icache.h>
#include <xcpu/msg.h>
#include <xcpu/notifier.h>
#include <xcpu/quiesce.h>
#include <xcpu/space.h>
#include <xcpu/stat.h>
#include <xcpu/stop.h>
#include <xcpu/sync.h>
#include <xcpu/trace.h>
#include <xcpu/wait.h>

#endif /* XCPU_XCPU_H */
