# SPDX-License-Identifier: BSD-2-Clause
"""What the recorded kernel did: its flush requests and kicks, by cause.

A kick is csd_queue_cpu with func=flush_tlb_func.  A request is a tlb_flush of
reason 4, or one of reason 3 outside flush_tlb_func (inside, it is the local
half of a reason 4).  Every other IPI is scheduling.

Causes: a request belongs to what its thread did last, unless that flushes
nothing.  fork and exec are the exception: the kernel reports them after the
work, so what is left over before them is theirs.
"""

from collections import Counter

from . import meaning

FLUSHING = {"cow", "mmap", "munmap", "madvise", "mprotect", "exit"}
SINGLE = {"cow"}                # flushes once; what follows is not its own


class Reference:
    """Follows a World, and counts what the recording says of itself."""

    def __init__(self, world):
        self.world = world
        self.requests, self.kicks, self.ipis = Counter(), Counter(), Counter()
        self.strict = Counter()         # by the state of the target
        self.remote = self.local = 0
        self.in_flush = set()           # CPUs inside flush_tlb_func
        self.last = {}                  # pid -> cause of its last operation
        self.open = {}                  # pid -> requests not yet attributed

    def take(self, event):
        """One event, after the world took it."""
        handler = getattr(self, "_" + event.name, None)
        if handler:
            handler(event)
        elif event.name.startswith(meaning.FOLLOWED):
            self._operation(event)

    def finish(self):
        for pid in list(self.open):
            self._settle(pid, None)

    # ---- Requests and kicks --------------------------------------------

    def _csd_function_entry(self, event):
        if str(event.args.get("func")).startswith("flush_tlb_func") \
                and event.args.get("csd") == 0:
            self.in_flush.add(event.cpu)

    def _csd_function_exit(self, event):
        self.in_flush.discard(event.cpu)

    def _tlb_flush(self, event):
        reason = event.args["reason"][-3:]
        if reason == "(4)":
            self.remote += 1
            for cpu in self._others(event):
                self.strict["request " + self._target(event, cpu)] += 1
        elif reason == "(3)" and event.cpu not in self.in_flush:
            self.local += 1
        else:
            return
        self.open.setdefault(event.pid, []).append(0)

    def _ipi_send_cpu(self, event):
        self.ipis["all"] += 1
        if event.args.get("callback") == 0:
            self.ipis["reschedule"] += 1

    def _csd_queue_cpu(self, event):
        func = str(event.args.get("func"))
        if not func.startswith("flush_tlb_func"):
            return
        self.ipis["flush"] += 1
        self.strict["kick " + self._target(event, event.args["cpu"])] += 1
        self.open.setdefault(event.pid, [0])[-1] += 1

    def _others(self, event):
        return [n for n in range(len(self.world.cpus)) if n != event.cpu]

    def _target(self, event, number):
        """user, lazy or gone: what a CPU is to the space of the sender."""
        target = self.world.cpus[number]
        thread = self.world.by_pid.get(event.pid)
        space = self.world.last_space_of(thread) if thread else None
        if space is None or target.space is not space:
            return "gone"
        return target.state     # user or lazy: FOREIGN has no space

    # ---- Causes --------------------------------------------------------

    def _operation(self, event):
        cause = event.name.rsplit("_", 1)[-1]
        if event.name == "page_fault_user":
            cause = "cow" if event.args["error_code"] & 1 else "other"
        elif event.name == "sched_process_exit" \
                and event.args["group_dead"] != "true":
            cause = "other"
        elif event.name == "sys_exit_group":
            cause = "other"
        self._settle(event.pid, cause)
        self.last[event.pid] = cause

    def _settle(self, pid, following):
        """Attribute what a thread requested since its last operation."""
        before = self.last.get(pid, "other")
        for number, kicks in enumerate(self.open.pop(pid, ())):
            own = before in FLUSHING and (number == 0 or before not in SINGLE)
            if own:
                cause = before
            else:
                cause = following if following in ("fork", "exec") else "other"
            self.requests[cause] += 1
            self.kicks[cause] += kicks
