#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Break compat/ and src/ in one place at a time, and see the named test fail.

Each entry is the defect of an original, or its like, put into our source: the
file, the text, what it becomes, the interface, the test (part of its name) and
the number of CPUs.  A test that hangs or panics has failed, too.  Works in a
copy of the tree.  It takes minutes: a test run checks only that each finds its
text (tests/tools/test_compat_mutations.py).
"""
import argparse
import pathlib
import shutil
import subprocess
import sys

import xnu_mutations

ROOT = pathlib.Path(__file__).resolve().parents[2]
IPI, IPIQ = "compat/netbsd/ipi.c", "compat/dragonfly/ipiq.c"
SYNC, THREAD = "compat/dragonfly/cpusync.c", "compat/dragonfly/globaldata.c"
EVENT, CARRIER, START = "src/event.c", "src/carrier.c", "src/start.c"
MSG, RING, INBOX = "src/msg.c", "src/ring.c", "src/inbox.c"
SHOOTDOWN = "src/shootdown.c"
TLB, TLB_RS = "compat/theseus/tlb_shootdown.c", "compat/theseus/tlb_shootdown.rs"
N, D, T = "netbsd", "dragonfly", "theseus"

ONE_AT_A_TIME = """\tstatic struct xcpu_au32 turn;
\tuint32_t none = 0;

\twhile (!xcpu_cas_acq(&turn, &none, 1)) {
\t\tnone = 0;
\t\txcpu_port_relax(0);
\t}
\tint error = shoot(start, npages);

\txcpu_store_rel(&turn, 0);
"""

MUTATIONS = [
    # -- ipi(9): behaviours
    ("warning", IPI, "if (found == 0 && ipi_console != NULL)", "if (0)",
     N, "table is full", 2),
    ("never-full", IPI, "id < IPI_MAXREG; id++) {\n\t\tuint32_t",
     "id < IPI_MAXREG / 2; id++) {\n\t\tuint32_t", N, "table is full", 2),
    ("trigger-wrong-cpu", IPI, "xcpu_event_post(event, cpu_index(ci))",
     "xcpu_event_post(event, 1)", N, "on that CPU", 4),
    ("self-first", IPI,
     "\t\txcpu_event_post_set(event, set);\n", "",
     N, "ipi_trigger_multi", 2),
    ("skip-self-ignored", IPI, "trigger_set(id, &set, !skip_self);",
     "trigger_set(id, &set, true);", N, "ipi_trigger_broadcast", 2),
    ("message-to-one-less", IPI,
     "\txcpu_cpuset_and(set, &ipi_cpus);\n\tsend_set",
     "\txcpu_cpuset_and(set, &ipi_cpus);\n\txcpu_cpuset_del(set, 1);\n\tsend_set",
     N, "ipi_multicast", 2),
    ("broadcast-without-self", IPI, "send_and_run(msg, &set, !skip_self);",
     "send_and_run(msg, &set, false);", N, "ipi_broadcast", 2),
    ("wait-does-not", IPI, "while (!xcpu_call_done(&msg->_call)) {", "while (0) {",
     N, "effects visible", 2),
    ("full-not-counted", IPI, "xcpu_fetch_add_rel(&ipi_nfull, 1);", "",
     N, "full: counted", 2),
    ("handler-does-nothing", IPI, "\txcpu_on_ipi();", "\t(void)0;",
     N, "serves what is pending", 2),
    ("highest-id-first", EVENT,
     "xcpui_lowest(bits));\n\t\tbits &= bits - 1;",
     "63 - (unsigned)__builtin_clzll(bits));\n"
     "\t\tbits &= ~((uint64_t)1 << (63 - __builtin_clzll(bits)));",
     N, "order of their ids", 2),
    # -- ipi(9): the defects
    ("N1-bits-cleared-after-the-run", EVENT,
     "\t\tbits &= bits - 1;\n\t}\n\treturn true;",
     "\t\tbits &= bits - 1;\n\t}\n"
     "\txcpu_fetch_and_rlx(&self->event.pending[word], 0);\n\treturn true;",
     N, "during the handler", 2),
    ("N11-bit-after-post", EVENT,
     "\t\t} else {\n\t\t\tset_pending(self, cpu, slot);\n\t\t}\n\t}",
     "\t\t}\n\t}", N, "take nothing away", 2),
    ("N2-early-return", EVENT,
     "\t/* The first outlasts whoever saw it alive ... */\n"
     "\terror = xcpui_event_round(self, false);\n"
     "\t/* ... and the second takes, everywhere, the bits that they set. */\n"
     "\tif (error == 0) {\n\t\tserve_own(self);\n"
     "\t\terror = xcpui_event_round(self, false);\n\t}\n",
     "\t(void)serve_own;\n", N, "outlasts every handler", 4),
    ("N3-id-before-argument", IPI, "\tintr->func = func;\n\tintr->arg = arg;\n",
     "\txcpu_store_rel(&intr->event, (uint32_t)event);\n\tintr->func = func;\n"
     "\txcpu_port_relax(UINT32_MAX);\n\tintr->arg = arg;\n",
     N, "never mixes", 4),
    ("N4-blind-wait-for-room", IPI,
     "error = xcpu_call_set(set, msg->func, msg->arg, NULL);",
     "error = -XCPU_EAGAIN;", N, "two full mailboxes", 2),
    ("N5-blind-wait", IPI, "int error = xcpu_call_wait(&msg->_call, 0);",
     "int error = -XCPU_EDEADLK;", N, "two waits", 2),
    ("N6-counts-the-absent", START, "xcpu_cpuset_del(&call->started, cpu);\n"
     "\t\txcpui_call_finish(f->self, call);",
     "xcpu_cpuset_del(&call->started, cpu);", N, "not running", 2),
    ("N6-set-read-twice", IPI,
     "\town = take_self(&set);\n\tsend", "\town = take_self(&set);\n"
     "\tkcpuset_read(target, &set);\n\tsend", N, "read once", 2),
    ("N7-stale-message", IPI,
     "\tmsg->_call = (struct xcpu_call){ .callback = NULL };\n", "",
     N, "lies anywhere", 2),
    ("N8-taken-after-it-ran", CARRIER,
     "\tif ((xcpu_fetch_and_acq(&s->part[word].todo, ~bit) & bit) == 0)\n"
     "\t\treturn false;\n", "", N, "entered again", 2),
    ("N9-freed-before-it-ran", CARRIER,
     "\tXCPUI_COUNT(self, served_call);\n\txcpui_run(self, XCPU_LANE_CALL, "
     "xcpu_plain_load(&s->fn),",
     "\tif (object != NULL) {\n\t\txcpui_call_finish(self, object);\n"
     "\t\tobject = NULL;\n\t}\n\tfor (unsigned i = 0; i < 99; i++)\n"
     "\t\txcpu_port_relax(i);\n\txcpui_run(self, XCPU_LANE_CALL, "
     "xcpu_plain_load(&s->fn),", N, "keep their order", 2),
    ("N10-whole-handler", IPI,
     "if (own && xcpu_call_self(ipi_intrs[id].func,\n"
     "\t\t    ipi_intrs[id].arg) != 0)\n\t\t\txcpu_event_post_self(event);",
     "if (own) {\n\t\t\txcpu_event_post_self(event);\n\t\t\txcpu_on_ipi();\n\t\t}",
     N, "its own handler alone", 2),
    ("N12-not-to-oneself", IPI, "xcpu_cpuset_one(&set, cpu_index(ci));",
     "xcpu_cpuset_one(&set, cpu_index(ci));\n\ttake_self(&set);",
     N, "to oneself", 1),
    ("N12-no-cpus-yet", IPI, "xcpu_cpuset_zero(&ipi_cpus);",
     "xcpu_cpuset_fill(&ipi_cpus, XCPU_NCPU_MAX);", N, "before ipi_percpu", 2),
    ("N12-lock-across-wait", IPI, "\tu_int found = 0;\n",
     "\tu_int found = 0;\n\n\tfor (u_int i = 1; i < IPI_MAXREG; i++)\n"
     "\t\twhile (xcpu_load_acq(&ipi_intrs[i].event) == ENTRY_TAKEN)\n"
     "\t\t\txcpu_port_relax(i);\n", N, "holds no lock", 4),
    ("N12-count-not-atomic", IPI, "xcpu_fetch_add_rel(&ipi_nfull, 1);",
     "{ uint64_t n = xcpu_load_rlx(&ipi_nfull);\n"
     "\t    xcpu_port_relax(UINT32_MAX); xcpu_store_rlx(&ipi_nfull, n + 1); }",
     N, "count of full", 4),
    # -- lwkt_ipiq: behaviours
    ("sequence-off", IPIQ, "(int)(uint32_t)ticket.sequence : 0;",
     "(int)(uint32_t)ticket.sequence - 1 : 0;", D, "and a sequence", 2),
    ("self-queued", MSG, "else if (ring->depth == 0)\n\t\txcpui_inbox_own(self);",
     "else\n\t\ttell(self, ring, cpu);", D, "ipiq to oneself", 1),
    ("no-hysteresis", MSG, "(void)make_room(self, cpu, LOW);",
     "(void)make_room(self, cpu, HIGH);", D, "over half full", 2),
    ("kick-always", IPIQ, "\tipiq_domain = domain;\n",
     "\tipiq_domain = domain;\n\txcpu_msg_elide(domain, false);\n",
     D, "CPU that drains", 2),
    ("passive-unseen", INBOX, "xcpui_msg_passive(const struct xcpu_cpu *self)\n{",
     "xcpui_msg_passive(const struct xcpu_cpu *self)\n{\n\treturn false;",
     D, "passive: next", 2),
    ("nowait-to-the-brim", MSG, "(XCPU_MSG_SLOTS * 2 / 3)", "XCPU_MSG_SLOTS",
     D, "two thirds", 2),
    ("bycpu-next", IPIQ, "lwkt_send_ipiq(globaldata_find(cpu), func, arg)",
     "lwkt_send_ipiq(globaldata_find(0), func, arg)", D, "bycpu", 2),
    ("mask-counts-all", IPIQ, "count += send((unsigned)cpu, func, arg, NULL) == 0;",
     "count += send((unsigned)cpu, func, arg, NULL) != 1;", D, "mask: who", 4),
    ("seq-wait-short", IPIQ, "ticket.sequence -= since;",
     "ticket.sequence -= since + 1;", D, "lwkt_wait_ipiq and", 2),
    ("wait-serves-nobody", IPIQ, "int error = xcpu_msg_wait(&ticket, 0);",
     "int error = -XCPU_EDEADLK;", D, "two waits", 2),
    ("no-frame", IPIQ, "xcpu_on_ipi_frame(frame);",
     "(void)frame; xcpu_on_ipi_frame(NULL);", D, "with a frame", 2),
    ("no-switch", IPIQ, "xcpu_msg_elide(ipiq_domain, on != 0);", "(void)on;",
     D, "ipiq_optimized", 2),
    # -- lwkt_ipiq: the defects
    ("D1-slots-repeated", RING, "\txcpu_store_rlx(&slot->fn, NULL); /* rlx: as above */\n",
     "", D, "repeats nothing", 3),
    ("D2-done-at-every-depth", RING,
     "\t\tif (ring->depth == 1)\n\t\t\txcpu_store_rel(&ring->done",
     "\t\tif (1)\n\t\t\txcpu_store_rel(&ring->done", D, "is not over", 3),
    ("D3-data-dropped", SYNC, ".cs_fin2_func = func,\n\t\t.cs_data = data,",
     ".cs_fin2_func = func,\n\t\t.cs_data = func == NULL ? data : NULL,",
     D, "data reach", 2),
    ("D4-slot-freed-first", RING,
     "\tvoid *arg = xcpu_plain_load(&ring->oldest->arg);\n",
     "\tvoid *arg;\n\n\txcpu_store_rel(&ring->head, ring->taken + 2);\n"
     "\tfor (unsigned i = 0; i < 40; i++)\n\t\txcpu_port_relax(i);\n"
     "\targ = xcpu_plain_load(&ring->oldest->arg);\n",
     D, "read before it is written", 2),
    ("D5-no-owner", "src/room.c", "\tif (owner == r->self->index + 1)\n\t\treturn true;",
     "\txcpu_store_rel(&r->self->domain->sync->owner, r->self->index + 1);\n"
     "\tif (owner != UINT32_MAX)\n\t\treturn true;",
     D, "two initiators", 2),
    ("D10-no-owner-many", "src/room.c", "\tif (owner == r->self->index + 1)\n\t\treturn true;",
     "\txcpu_store_rel(&r->self->domain->sync->owner, r->self->index + 1);\n"
     "\tif (owner != UINT32_MAX)\n\t\treturn true;",
     D, "all initiators", 4),
    ("D6-doorbell-opened", MSG, "\tif (load > HIGH)\n\t\t(void)make_room",
     "\txcpu_port_irq_restore(0);\n\tif (load > HIGH)\n\t\t(void)make_room",
     D, "leaves the doorbell", 2),
    ("D6-nests-without-end", MSG, "self->polling != 0 || self->msg.nest == XCPU_MSG_NEST ||",
     "self->polling != 0 ||", D, "nest to a bound", 2),
    ("D7-nobody-told", MSG,
     "\tif (ticket->target != self->index)\n\t\ttell(self, w.ring, ticket->target);",
     "\tif (0)\n\t\ttell(self, w.ring, ticket->target);", D, "that is waited for", 2),
    ("D7-sequence-read-later", IPIQ, "\t\treturn lwkt_send_ipiq(target, func, arg);\n"
     "\treturn (int)(uint32_t)ticket.sequence;",
     "\t\treturn lwkt_send_ipiq(target, func, arg);\n"
     "\treturn (int)(uint32_t)ticket.sequence + 1;", D, "that is waited for", 2),
    ("D8-no-second-look", RING,
     "\t/* rlx: the fence orders it */\n\txcpu_store_rlx(&ring->draining, 0);",
     "\txcpu_port_relax(UINT32_MAX);\n\txcpu_store_rlx(&ring->draining, 0);\n"
     "\treturn false;", D, "last message of a burst", 2),
    ("D9-masks-of-32-bits", IPIQ, "for (int cpu = 0; cpu < ncpus && cpu < 64; cpu++)",
     "for (int cpu = 0; cpu < ncpus && cpu < 32; cpu++)", D, "above 31", 40),
    ("D9-absent-fail", SYNC, "{ .flags = XCPU_SYNC_MSG }",
     "{ .flags = XCPU_SYNC_MSG, .not_ready = XCPU_FAIL_NOT_READY }",
     D, "is away", 2),
    ("stopped-get-theirs", IPIQ, "\t\t    !xcpu_stopped(ipiq_domain, (unsigned)cpu))\n",
     "\t\t    ipiq_domain != NULL)\n", D, "who is stopped", 2),
    ("D11-sequence-as-it-is", IPIQ, "\tticket.sequence -= since;\n",
     "\tticket.sequence = (uint32_t)seq;\n", D, "past the largest int", 2),
    ("D12-no-budget", "src/drain.c", "budget = XCPU_MSG_BUDGET;", "budget = ~0u;",
     D, "does not starve", 4),
    ("D13-turns-not-time", IPIQ, "\t\tif (error != 0 && error != -XCPU_ETIMEDOUT)\n",
     "\t\tif (1)\n\t\t\txcpu_port_panic(\"timeout\", \"\", 0);\n"
     "\t\tif (error != 0 && error != -XCPU_ETIMEDOUT)\n", D, "reported, not fatal", 2),
    ("D14-self-at-once", IPIQ,
     "\tint error = xcpu_msg_send(cpu, msg_fn(func), arg, ticket);\n",
     "\tint error = cpu == xcpu_cpu_index() ? run_here(func, arg) :\n"
     "\t    xcpu_msg_send(cpu, msg_fn(func), arg, ticket);\n",
     D, "oneself in order", 1),
    ("D14-self-full-waits", IPIQ,
     "\tif (error == -XCPU_EAGAIN && cpu == xcpu_cpu_index())\n"
     "\t\treturn run_here(func, arg);\n", "\t(void)run_here;\n",
     D, "more than fit", 1),
    ("D15-fin2-through-the-cpusync", SYNC,
     "\tpoll->cs_sync.fin2 = poll->cs_fin2_func;\n\tpoll->cs_sync.data = poll->cs_data;",
     "\tpoll->cs_sync.fin2 = poll->cs_fin2_func != NULL ? fin1_stage : NULL;\n"
     "\tpoll->cs_fin1_func = (cpusync_func_t)(void (*)(void))poll->cs_fin2_func;\n"
     "\tpoll->cs_sync.data = poll;", D, "data reach", 4),
    # -- cpusync: behaviours
    ("simple-runs-nothing", SYNC, ".cs_fin1_func = func,", ".cs_run_func = NULL,",
     D, "cpusync_simple", 2),
    ("fastdata-but-self", SYNC, "to_set(mask, &set);\n\tpoll",
     "to_set(mask & mycpu->gd_other_cpus, &set);\n\tpoll", D, "fastdata", 2),
    ("fin1-forgotten", SYNC, "poll->cs_fin1_func != NULL ? fin1_stage : NULL",
     "NULL", D, "_add, _finish", 2),
    ("parked-deaf", SYNC, "{ .flags = XCPU_SYNC_MSG }", "{ .flags = 0 }",
     D, "serve messages", 2),
    # -- tlb_shootdown: behaviours
    ("tlb-not-registered", TLB,
     "set_broadcast_tlb_shootdown_cb(broadcast_tlb_shootdown);", "(void)0;",
     T, "init registers", 1),
    ("tlb-no-handler", TLB,
     "setup_tlb_shootdown_ipi_handler(handle_tlb_shootdown_ipi);", "(void)0;",
     T, "init registers", 1),
    ("tlb-one-page-less", TLB, "(uint64_t)npages << PAGE_SHIFT, &opt",
     "(uint64_t)(npages - 1) << PAGE_SHIFT, &opt", T, "each page, on", 2),
    ("tlb-start-as-it-is", TLB, "start & ~PAGE_MASK", "start",
     T, "each page, on", 1),
    ("tlb-none-is-all", TLB, "if (npages <=", "if (npages != 0 && npages <=",
     T, "of no pages", 1),
    ("tlb-lazy-passed-over", SHOOTDOWN,
     "post.reach_lazy = s->flush.space->kernel ||\n"
     "\t    (s->flush.flags & XCPU_FLUSH_TABLES) != 0;",
     "post.reach_lazy = false;", T, "reaches lazy", 2),
    ("tlb-kick", TLB, "xcpu_port_kick_nmi(set);", "xcpu_port_kick(set);",
     T, "NMI each", 2),
    ("tlb-masked-afterwards", TLB,
     "\txcpu_port_irq_restore(state);\n\tif (error", "\tif (error",
     T, "CPU that masks", 2),
    ("tlb-behind-other-work", "src/doorbell.c",
     "suppress &= XCPU_LANE_FLUSH | XCPU_LANE_POLLING;", "suppress &= ~0u;",
     T, "its kick", 3),
    ("tlb-other-work-left", "src/drain.c",
     "\tkick_for_the_rest(self);\n\tif", "\t(void)kick_for_the_rest;\n\tif",
     T, "its kick", 3),
    ("tlb-every-nmi-ours", TLB, "return xcpu_on_nmi() || ours;",
     "return xcpu_on_nmi() || true;", T, "knows an NMI", 2),
    ("tlb-rings-when-alone", TLB, "\tint error = shoot(start, npages);\n",
     "\tint error = shoot(start, npages);\n\tstruct xcpu_cpuset all;\n\n"
     "\txcpu_cpuset_fill(&all, 2);\n\txcpu_port_kick_nmi(&all);\n", T, "one CPU:", 2),
    ("tlb-nobody-is-fatal", TLB,
     "!(error == -XCPU_EAGAIN && nobody_online())", "!(nobody_online() && 0)",
     T, "no CPU:", 1),
    ("tlb-rust-not-registered", TLB_RS,
     "memory::set_broadcast_tlb_shootdown_cb(broadcast_tlb_shootdown);",
     "let _ = broadcast_tlb_shootdown;", T, "unmapped are gone", 2),
    ("tlb-rust-one-page", TLB_RS, "pages.size_in_pages()) };", "1) };",
     T, "range, and none", 2),
    ("tlb-rust-every-nmi-ours", TLB_RS,
     "unsafe { ffi::handle_tlb_shootdown_ipi() }",
     "unsafe { ffi::handle_tlb_shootdown_ipi() || true }", T, "vector knows", 1),
    ("tlb-rust-page-too-many", "compat/theseus/memory.rs",
     "saturating_add(size_in_bytes - 1)", "saturating_add(size_in_bytes)",
     T, "range, and none", 1),
    # -- tlb_shootdown: the defects
    ("T1-any-answer-is-all", "src/slot.c",
     "(uint64_t)0x101 << self->index % XCPU_LANES_PER_LINE;\n\n\t/*\n\t * [S2]",
     "0xff00 | (uint64_t)1 << self->index % XCPU_LANES_PER_LINE;\n\n\t/*\n\t * [S2]",
     T, "come twice", 3),
    ("T2-handler-waits-for-the-initiator", TLB,
     "\tbool ours = take_due(xcpu_cpu_index());\n",
     "\tbool ours = take_due(xcpu_cpu_index());\n\n"
     "\twhile (xcpu_port_self()->posting.v_ != 0)\n\t\txcpu_port_relax(0);\n",
     T, "on the sender", 2),
    ("T3-answer-before-flush", "src/flush.c",
     "\t\txcpui_flush_apply(self, &flush, body[REQ_GEN]);\n\t}\n"
     "\t/* rlx: own word */\n"
     "\tif (!mine || lazy || round != xcpu_load_rlx(&self->flush.passed))\n"
     "\t\txcpui_flush_catch_up(self);\n\tif (mine)\n\t\txcpui_slot_end(self);\n",
     "\t\txcpui_slot_end(self);\n\t\tfor (unsigned i = 0; i < 9999; i++)\n"
     "\t\t\txcpu_port_relax(i);\n"
     "\t\txcpui_flush_apply(self, &flush, body[REQ_GEN]);\n\t}\n"
     "\tif (!mine || lazy || round != xcpu_load_rlx(&self->flush.passed))\n"
     "\t\txcpui_flush_catch_up(self);\n",
     T, "no return before", 2),
    ("T3-return-before-answer", SHOOTDOWN,
     "return shootdown_over(&wait) ? 0 : xcpui_wait(self, &wait);",
     "(void)wait;\n\treturn 0;", T, "no return before", 2),
    ("T3-frames-before-answer", SHOOTDOWN,
     "return shootdown_over(&wait) ? 0 : xcpui_wait(self, &wait);",
     "(void)wait;\n\treturn 0;", T, "last reader", 3),
    ("T4-online-without-flush", "src/domain.c",
     "\txcpu_port_tlb_flush(&flush);\n", "", T, "who is away", 2),
    ("T4-leaves-without-an-answer", "src/domain.c",
     "lane = xcpui_lane_leaving(self);\n\tserve_last(self, lane);",
     "lane = xcpui_lane_leaving(self);\n\tserve_last(self, 0);",
     T, "who leaves", 3),
    ("T5-one-at-a-time", TLB, "\tint error = shoot(start, npages);\n",
     ONE_AT_A_TIME, T, "both waits", 4),
    ("T6-wait-serves-no-flush", "src/wait.c",
     "\treturn XCPU_LANE_STOP | XCPU_LANE_FLUSH | XCPU_LANE_CALL |\n",
     "\treturn XCPU_LANE_STOP | XCPU_LANE_CALL |\n", T, "interrupts off", 2),
    ("T7-late-is-foreign", TLB, "return xcpu_on_nmi() || ours;",
     "return xcpu_on_nmi() && (ours || true);", T, "comes late", 3),
    ("T7-one-for-one", TLB, "n > 1 ? 1 - n : -1u", "-1u", T, "comes late", 3),
    ("T7-never-taken", TLB, "n > 1 ? 1 - n : -1u", "0", T, "one NMI of", 3),
    ("T7-spurious-is-fatal", TLB_RS, "let _ours = handle_tlb_shootdown_ipi();",
     "assert!(handle_tlb_shootdown_ipi());", T, "of its own", 1),
    ("T8-no-ceiling", "src/domain.c",
     "xcpu_store_rlx(&domain->ceiling, XCPU_FLUSH_CEILING);",
     "xcpu_store_rlx(&domain->ceiling, UINT64_MAX);", T, "many pages", 2),
    ("T8-pages-that-overflow", TLB, "npages <= UINTPTR_MAX >> PAGE_SHIFT",
     "npages <= UINTPTR_MAX", T, "many pages", 1),
    ("T9-global-lock", TLB, "\tint error = shoot(start, npages);\n",
     ONE_AT_A_TIME, T, "side by side", 4),
    ("T9-own-tlb-forgotten", SHOOTDOWN,
     "\txcpui_flush_apply(self, &s->flush, s->gen);\n", "",
     T, "each page, on", 1),
    *xnu_mutations.MUTATIONS,
]


def attempt(tree, out, mutation, timeout):
    """'killed', 'SURVIVED' or what else happened."""
    name, path, old, new, interface, test, cpus = mutation
    target = tree / path
    source = target.read_text()
    if source.count(old) != 1:
        return f"the text occurs {source.count(old)} times in {path}"
    target.write_text(source.replace(old, new))
    # A world of its own, or the usual one.
    program = out / ("xcpu-" if "-" in interface else "xcpu-threads-")
    program = program.with_name(program.name + interface)
    try:
        build = subprocess.run(["make", "-C", tree, f"O={out}", "WARN=-w", program],
                               capture_output=True, text=True)
        if build.returncode != 0:
            return "does not build:\n" + build.stderr[-1500:]
        for _ in range(3):
            try:
                run = subprocess.run([program, f"cpus={cpus}", f"only={test}"],
                                     capture_output=True, timeout=timeout)
            except subprocess.TimeoutExpired:
                return "killed (hangs)"
            if run.returncode != 0:
                return "killed"
            if b"ok 1" not in run.stdout or b"SKIP" in run.stdout:
                return "no such test"
        return "SURVIVED"
    finally:
        target.write_text(source)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", required=True, type=pathlib.Path,
                        help="a directory for the copy and what is built there")
    parser.add_argument("--timeout", type=float, default=20,
                        help="seconds that a test may take (20)")
    parser.add_argument("names", nargs="*", help="mutations; default: all")
    args = parser.parse_args()
    tree, out = args.work / "tree", args.work / "build"
    # What an earlier run has built is newer than the copy, and broken.
    shutil.rmtree(tree, ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", "build"))
    bad = 0
    for mutation in MUTATIONS:
        if args.names and mutation[0] not in args.names:
            continue
        verdict = attempt(tree, out, mutation, args.timeout)
        bad += not verdict.startswith("killed")
        print(f"{mutation[0]:32} {verdict}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
