# SPDX-License-Identifier: BSD-2-Clause
"""What mutations.py does to compat/xnu, and under it.

The interface `compat-pcid-xnu` is the same tests where switches keep a TLB.
"""
SIGNAL, CALL = "compat/xnu/signal.c", "compat/xnu/call.c"
PMAP, LAPIC = "compat/xnu/pmap.c", "compat/xnu/lapic.c"
SHOOT, FLUSH, ASID = "src/shootdown.c", "src/flush.c", "src/asid.c"
DOMAIN, WAIT, APIC = "src/domain.c", "src/wait.c", "port/x86_64-apic/apic.c"
X, P = "xnu", "compat-pcid-xnu"

MUTATIONS = [
    # -- pmap_flush_tlbs: behaviours
    ("x-part-of-a-page", PMAP, "((end + in_page) & ~in_page) - first",
     "(end & ~in_page) - first", X, "every CPU that has the root", 2),
    ("x-all-but-this", SHOOT,
     "\txcpui_flush_apply(self, &s->flush, s->gen);\n", "",
     X, "this CPU alone", 1),
    ("x-asks-everybody", "src/shootdown.h",
     "words = flush->space->kernel ?",
     "words = flush->space != NULL ?", X, "and no others", 3),
    ("x-idle-with-its-root", PMAP,
     "load(dofilter ? NULL : roots[cpu_number()].task, dofilter);",
     "load(roots[cpu_number()].task, dofilter);", X, "MARK_CPU_IDLE", 2),
    ("x-wakes-without-a-root", PMAP,
     "load(dofilter ? NULL : roots[cpu_number()].task, dofilter);",
     "load(NULL, dofilter);", X, "CPU_CR3_MARK_INACTIVE", 2),
    ("x-never-aside", PMAP, "xcpu_store_rlx(&roots[cpu_number()].aside, aside);",
     "xcpu_store_rlx(&roots[cpu_number()].aside, aside && pmap != NULL);",
     X, "CPU_CR3_MARK_INACTIVE", 2),
    ("x-kernel-with-task-root", PMAP, "\tload(NULL, false);",
     "\tload(roots[cpu_number()].task, false);", X, "pmap_load_kernel_cr3", 2),
    ("x-update-does-not", PMAP, "pmap_update_interrupt(void)\n{\n\txcpu_poll();",
     "pmap_update_interrupt(void)\n{", X, "ends when the CPU flushes", 2),
    ("x-aside-without-an-answer", PMAP,
     "mp_must(xcpu_space_switch(space), \"\");\n\txcpu_poll();",
     "mp_must(xcpu_space_switch(space), \"\");",
     X, "ends when the CPU steps aside", 2),
    ("x-gone-without-an-answer", DOMAIN,
     "\tlane = xcpui_lane_leaving(self);\n\tserve_last(self, lane);\n",
     "\tlane = xcpui_lane_leaving(self);\n"
     "\tserve_last(self, lane & ~(unsigned)XCPU_LANE_FLUSH);\n",
     X, "ends when the CPU stops running", 2),
    ("x-user-code-is-asked", PMAP, "return pmap != kernel_pmap ? &opt : NULL;",
     "return pmap != NULL ? &opt : NULL;", X, "in user code", 2),
    ("x-comes-in-blindly", "src/entry.c", "\txcpui_flush_catch_up_kernel(self);\n",
     "", X, "in user code", 2),
    ("x-no-nmi", WAIT, "rekick(self, wait, watch, true);", "rekick(self, wait, watch, false);",
     X, "ends by an NMI", 2),
    ("x-context-at-once", PMAP,
     "return xcpu_async_add(job, pmap->pm_space, start, len, tables_of(pmap));",
     "(void)job;\n\treturn xcpu_shootdown(pmap->pm_space, start, len, tables_of(pmap));",
     X, "a flush context", 3),
    ("x-context-never", PMAP, "mp_must(xcpu_async_wait(&pfc->pfc_job),",
     "mp_must(pfc == NULL,", X, "a flush context", 3),
    ("x-context-as-it-was", PMAP,
     "\t*pfc = (pmap_flush_context){ .pfc_job = { .callback = NULL } };",
     "\t(void)pfc;", X, "a flush context", 3),
    ("x-top-is-nothing", PMAP, "if (end != 0 && end <= start)",
     "if (end <= start)", X, "kernel_pmap", 1),
    ("x-all-is-nothing", PMAP,
     "\tif (len == 0)\n\t\treturn xcpu_shootdown_all(pmap->pm_space, tables_of(pmap));\n",
     "", X, "a whole pmap", 2),
    ("x-all-later-is-nothing", PMAP,
     "\tif (len == 0)\n"
     "\t\treturn xcpu_async_add_all(job, pmap->pm_space, tables_of(pmap));\n",
     "", X, "a whole pmap", 2),
    ("x-shared-is-skipped", PMAP,
     "return xcpu_shootdown_all(xcpu_space_kernel(), tables_of(pmap));", "return 0;",
     X, "a shared pmap", 2),
    ("x-shared-later-is-skipped", PMAP,
     "return xcpu_async_add_all(job, xcpu_space_kernel(), tables_of(pmap));",
     "return 0;", X, "a shared pmap", 2),
    ("x-all-is-global", PMAP,
     "return xcpu_shootdown(pmap->pm_space, start, len, tables_of(pmap));",
     "(void)start;\n\t(void)len;\n"
     "\treturn xcpu_shootdown_all(xcpu_space_kernel(), tables_of(pmap));",
     X, "kernel's apart", 2),
    ("x-kept-although-changed", ASID,
     "\treturn slot->generation == 0 || slot->stamp != stamp ||",
     "\treturn slot->generation == 0 || slot->stamp != stamp || 0 &&",
     P, "left in a TLB", 2),
    # -- mp_cpus_call and its relatives
    ("x-always-in-turn", CALL, "mode == SYNC ? XCPU_CALL_SERIAL : 0",
     "XCPU_CALL_SERIAL", X, "mp_cpus_call ASYNC", 2),
    ("x-null-is-called", CALL, "else if (action_func != NULL)", "else if (1)",
     X, "mp_cpus_call ASYNC", 2),
    ("x-never-in-turn", CALL, "mode == SYNC ? XCPU_CALL_SERIAL : 0", "0",
     X, "mp_cpus_call SYNC", 4),
    ("x-nosync-waits", CALL, "if (!start_queued(&others, action, &ran))",
     "if (1)", X, "NOSYNC: nobody waits", 2),
    ("x-nosync-not-here", CALL, "\tif (own) {\n\t\tmp_must(xcpu_call_self(run_",
     "\tif (0) {\n\t\tmp_must(xcpu_call_self(run_", X, "NOSYNC: nobody waits", 2),
    ("x-all-were-called", CALL, "*notcalled = cpus & ~to_mask(&ran);",
     "*notcalled = 0;", X, "mp_cpus_call1", 2),
    ("x-queued-over-another", CALL,
     "\t\tif (!xcpu_call_done(&q->call))\n\t\t\tcontinue;\n", "",
     X, "more than fit", 2),
    ("x-no-room-no-call", CALL, "if (!start_queued(&others, action, &ran))",
     "if (!start_queued(&others, action, &ran) && 0)", X, "more than fit", 2),
    ("x-no-patience", CALL, "if (error == -XCPU_EDEADLK || error == -XCPU_EAGAIN)\n"
     "\t\treturn mode", "if (error == -XCPU_EAGAIN)\n\t\treturn mode",
     X, "in a handler", 2),
    ("x-no-patience-for-signals", SIGNAL,
     "if (error == -XCPU_EDEADLK || error == -XCPU_EAGAIN) {",
     "if (error == -XCPU_EAGAIN) {", X, "in a handler", 2),
    ("x-patient-with-others-only", CALL, "\tif (own)\n\t\tmp_must(xcpu_call_self(fn, arg), text);",
     "\tif (0)\n\t\tmp_must(xcpu_call_self(fn, arg), text);", X, "in a handler", 2),
    ("x-teardown-first", CALL, "setup_func, action_func, teardown_func, arg",
     "setup_func, teardown_func, action_func, arg", X, "mp_rendezvous: no", 2),
    ("x-others-do-not-stand", CALL, "mp_must(xcpu_sync_rendezvous(&set, &stages, NULL)",
     "struct xcpu_sync_opt opt = { .flags = XCPU_SYNC_NO_ENTRY };\n\n"
     "\tmp_must(xcpu_sync_rendezvous(&set, &stages, &opt)",
     X, "mp_rendezvous: no", 4),
    ("x-intrs-here", "src/gather.c", "\tstate = xcpu_port_irq_save();\n\txcpui_run(",
     "\tstate = xcpu_port_context() & XCPU_CTX_MASKED;\n\txcpui_run(",
     X, "mp_rendezvous_no_intrs", 1),
    ("x-no-intrs-no-action", CALL, "mp_rendezvous(NULL, action_func, NULL, arg);",
     "(void)action_func;\n\tmp_rendezvous(NULL, NULL, NULL, arg);",
     X, "mp_rendezvous_no_intrs", 1),
    ("x-broadcast-to-others", CALL, "(void)mp_cpus_call(CPUMASK_ALL,",
     "(void)mp_cpus_call(CPUMASK_OTHERS,", X, "mp_broadcast", 1),
    # -- signals
    ("x-signal-to-the-first", SIGNAL, "xcpu_cpuset_one(&set, (unsigned)cpu);",
     "xcpu_cpuset_one(&set, 0);", X, "i386_signal_cpu ASYNC", 2),
    ("x-sync-does-not-wait", SIGNAL, "if (mode == SYNC)", "if (0)",
     X, "i386_signal_cpu SYNC", 2),
    ("x-signals-itself", SIGNAL,
     "\txcpu_cpuset_del(&set, (unsigned)cpu_number());\n", "",
     X, "i386_signal_cpus", 1),
    ("x-last-event-first", SIGNAL,
     "\tfor (unsigned event = 0; event < MP_LAST; event++) {",
     "\tfor (unsigned event = MP_LAST; event-- > 0;) {", X, "coalesce", 2),
    ("x-late-and-silent", SIGNAL,
     "\t\t\tmp_log(\"i386_signal_cpu: no answer yet\",\n"
     "\t\t\t    (int)xcpu_cpuset_first(set));\n", "", X, "late answer", 2),
    ("x-gives-up", SIGNAL, "\t} while (error == -XCPU_ETIMEDOUT);",
     "\t} while (0);\n\terror = 0;", X, "late answer", 2),
    ("x-never-suspended", SIGNAL, "XCPU_PORT_LEVEL < 2 || suspended ? 0",
     "XCPU_PORT_LEVEL < 2 && suspended ? 0", X, "suspended", 2),
    ("x-kicks-the-absent", SIGNAL, "\t(void)xcpu_resched((unsigned)cpu);\n}",
     "\tstruct xcpu_cpuset one;\n\txcpu_cpuset_one(&one, (unsigned)cpu);\n"
     "\txcpu_port_kick(&one);\n}", X, "gets no signal", 2),
    ("x-trace-without-end", SIGNAL,
     "\tif (event == MP_TLB_FLUSH)\n\t\tmp_trace(TRACE_MP_TLB_FLUSH | DBG_FUNC_END",
     "\tif (0)\n\t\tmp_trace(TRACE_MP_TLB_FLUSH | DBG_FUNC_END",
     X, "trace points", 2),
    ("x-debugger-unseen", SIGNAL, "is_pending((unsigned)cpu, MP_KDP)",
     "is_pending((unsigned)cpu, MP_KDB)", X, "if a debugger waits", 2),
    ("x-debugger-everywhere", SIGNAL, "is_pending((unsigned)cpu, MP_KDP)",
     "is_pending((unsigned)cpu, MP_AST)", X, "if a debugger waits", 2),
    # -- lapic_send_ipi
    ("x-vector-as-it-is", LAPIC, "if (vector < lapic_interrupt_base)", "if (0)",
     X, "base, mask", 1),
    ("x-not-from-nmi", LAPIC, "(nmi ? XCPU_APIC_FROM_NMI : 0)",
     "(nmi ? 0u : 0u)", X, "between its two writes", 2),
    # -- the defects
    ("X1-answers-first", FLUSH, "\tif (mine) {\n\t\tflush.space =",
     "\tif (mine) {\n\t\txcpui_slot_end(self);\n"
     "\t\tfor (unsigned i = 0; i < 999; i++)\n\t\t\txcpu_port_relax(i);\n"
     "\t\tflush.space =", X, "who has answered", 2),
    ("X1-one-answer-for-two", FLUSH,
     "\t\txcpui_flush_reached(progress, gen);\n\t} else {",
     "\t\txcpui_flush_reached(progress,\n"
     "\t\t    xcpu_load_acq(&flush->space->generation));\n\t} else {",
     X, "second request", 3),
    ("X2-set-read-first", SHOOT, "\txcpu_port_pte_publish();\n\t/*\n"
     "\t * [G1] release: the page tables before the generation.  Pairs with [G1]\n",
     "\tstruct xcpu_cpuset early;\n\n\txcpui_flush_targets(self, &s->flush, &early);\n"
     "#define xcpui_flush_targets(self, flush, set) (*(set) = early)\n"
     "\tfor (unsigned i = 0; i < 999; i++)\n\t\txcpu_port_relax(i);\n"
     "\txcpu_port_pte_publish();\n\t/*\n"
     "\t * [G1] release: the page tables before the generation.  Pairs with [G1]\n",
     P, "switches in", 2),
    # Both lines of defence: it flushes, and catches up as it drains.
    ("X3-online-with-old-entries", DOMAIN,
     "\tflush_everything(cpu);\n\t/* Functions of others run here, but not "
     "while the machine stands. */\n\tif (cpu->domain->sync != NULL)\n"
     "\t\tcpu->domain->sync->enter(cpu);\n"
     "\t/* All classes, whatever bits are left: see slot.c, I3. */\n"
     "\txcpui_serve(cpu, xcpui_claim(cpu, XCPU_LANE_CLASSES),\n"
     "\t    XCPU_LANE_CLASSES);\n",
     "\t(void)flush_everything;\n"
     "\txcpui_serve(cpu, xcpui_claim(cpu, XCPU_LANE_CLASSES),\n"
     "\t    XCPU_LANE_CLASSES & ~XCPU_LANE_FLUSH);\n", X, "that was away", 2),
    ("X4-wakes-without-a-look", ASID,
     "\treturn slot->generation == 0 || slot->stamp != stamp ||",
     "\treturn slot->generation == 0 || slot->stamp != stamp || 0 &&",
     P, "wakes up meanwhile", 2),
    ("X5-flush-waits-blindly", WAIT, "\tallowed = servable(self, wait);\n",
     "\tallowed = wait->kind == XCPU_WAIT_FLUSH ? 0 : servable(self, wait);\n",
     X, "flush with interrupts off", 2),
    ("X6-waits-for-silence", SIGNAL,
     "\t\terror = xcpu_call_set(set, take, arg, &opt);\n",
     "\t\tstruct mp_signal *s = &signals[xcpu_cpuset_first(set)].event[event];\n\n"
     "\t\terror = 0;\n\t\txcpu_cpuset_zero(&result.not_ready);\n"
     "\t\t(void)arg;\n\t\t(void)opt;\n"
     "\t\txcpu_event_post_set(event_id[event], set);\n"
     "\t\twhile (xcpu_load_acq(&s->asked) != xcpu_load_rlx(&s->served))\n"
     "\t\t\txcpu_port_relax(0);\n", X, "SYNC ends in a flood", 2),
    ("X6-not-its-own", SIGNAL, "\task(set, event);\n\tif (mode == SYNC)",
     "\tif (mode != SYNC)\n\t\task(set, event);\n\tif (mode == SYNC)",
     X, "SYNC waits for its own", 2),
    ("X7-patience-without-service", SIGNAL,
     "\t\terror = xcpu_call_set(set, take, arg, &opt);\n",
     "\t\t(void)opt;\n\t\terror = -XCPU_EDEADLK;\n", X, "two SYNC with", 2),
    ("X7-turns-not-time", SIGNAL, "suspended ? 0 : mp_host.sync_timeout_ns",
     "suspended ? 0 : mp_host.sync_timeout_ns / 64", X, "measured in time", 2),
    ("X8-silent", SIGNAL, "if (!xcpu_cpuset_empty(&result.not_ready))", "if (0)",
     X, "to nobody is said", 2),
    ("X8-silent-on-the-way", SIGNAL,
     "if (!xcpu_cpuset_empty(&result.not_ready))", "if (0)",
     X, "comes and goes", 2),
    ("X9-no-bound", APIC, "i < apic->busy_polls; i++", "i < ~0u; i += 0",
     X, "stays busy", 1),
    ("X10-masks-of-32-bits", CALL,
     "for (unsigned cpu = 0; cpu < real_ncpus && cpu < 64; cpu++)",
     "for (unsigned cpu = 0; cpu < real_ncpus && cpu < 32; cpu++)",
     X, "above CPU 31", 40),
    ("X10-each-one-kicks", SIGNAL, "\t\txcpu_event_post_set(event_id[event], set);\n",
     "\t\txcpu_event_post_set(event_id[event], set), xcpu_port_kick(set);\n",
     X, "one interrupt", 2),
    ("X11-told-first", SIGNAL, "\task(set, event);\n\tif (mode == SYNC)\n"
     "\t\ttake_there(set, event);\n\telse\n"
     "\t\txcpu_event_post_set(event_id[event], set);\n",
     "\tif (mode != SYNC)\n\t\txcpu_event_post_set(event_id[event], set);\n"
     "\tfor (unsigned i = 0; i < 20000; i++)\n\t\txcpu_port_relax(i);\n"
     "\task(set, event);\n\tif (mode == SYNC)\n\t\ttake_there(set, event);\n",
     X, "written before", 2),
    ("X11-counted-late", SIGNAL,
     "\tif (asked > xcpu_load_rlx(&signal->served)) /* rlx: own word */\n",
     "\tasked = xcpu_load_acq(&signal->asked);\n"
     "\tif (asked > xcpu_load_rlx(&signal->served)) /* rlx: own word */\n",
     X, "written before", 2),
]
