# SPDX-License-Identifier: BSD-2-Clause
"""How many kicks each rule sends for the same operations, placed the same way.

need       who runs in the space; who holds its root lazily, if tables go.  No
           rule does with less where each request is waited for: this is OPT
linux      the same; and when tables go, whoever once had the space and has
           not been told since that it is gone
broadcast  every other CPU, each time
late       OPT(D): what may be late (munmap, madvise, exec, exit) is kicked for
           only where a CPU has not entered the kernel for another reason
           within D

A placement says on which CPU a thread's operation is made.  Where threads that
ran at once share a CPU, it switches to whoever has the next operation.
"""

from collections import Counter, defaultdict

from .model import FOREIGN, LAZY, USER, Cpu

RULES = ("need", "linux", "broadcast")

# What may be late: nobody loses a right by it, frames and tables are held.
LATE = ("munmap", "madvise", "exec", "exit")
LATE_NS = 4_000_000             # a tick at 250 Hz


def recorded(record, _thread):
    """The CPU column of the recording."""
    return record.cpu


def spread(ncpu):
    """Thread k on CPU k mod ncpu."""
    return lambda record, thread: thread.number % ncpu if thread else None


class Step:
    """An operation: who enters the kernel for it, whom its shootdown concerns."""

    def __init__(self, record, entered, targets):
        self.record, self.entered = record, entered
        self.targets = targets          # rule -> CPUs to kick


def _leave(record, cpus, place):
    """The CPU of the thread that a switch takes away: lazy, or foreign.

    Returns the CPUs that enter the kernel for it.  Placed elsewhere, a CPU may
    have gone on to another thread, and is not left then.
    """
    number = place(record, record.other)
    if number is None:
        return set()
    cpu = cpus[number]
    entered = place is recorded or record.op != "switch_user" \
        or cpu.thread is record.other
    if place is recorded or cpu.thread in (None, record.other):
        if record.op == "switch_foreign":
            cpu.load(FOREIGN, None, None)
        else:
            cpu.load(LAZY, None, cpu.space)
    return {number} if entered else set()


def _run(record, cpus, place, members):
    """The CPU that makes the operation has its thread and space loaded."""
    number = place(record, record.thread)
    space = record.other if record.op == "exec" else record.space
    cpus[number].load(USER, record.thread, space)
    if space:
        members[space].add(number)
    return number


def _targets(record, number, cpus, members):
    """{rule: CPUs to kick} for the shootdown that a record makes."""
    others = {n for n in range(len(cpus)) if n != number}
    holders = {n for n in others if cpus[n].space is record.space}
    need = {n for n in holders if cpus[n].state == USER or record.tables}
    linux = need
    if record.tables:
        linux = members[record.space] & others
        members[record.space] &= holders | {number}
    return {"need": need, "linux": linux, "broadcast": others}


def steps(records, ncpu, place):
    """The operations on ncpu CPUs, one Step each."""
    cpus = [Cpu() for _ in range(ncpu)]
    members = defaultdict(set)          # space -> CPUs that once had it
    for record in records:
        entered, targets = set(), {}
        if record.op.startswith("switch"):
            entered = _leave(record, cpus, place)
        if record.thread:
            number = _run(record, cpus, place, members)
            entered.add(number)
            if record.cause:
                targets = _targets(record, number, cpus, members)
        yield Step(record, entered, targets)
        if record.op == "exit":
            cpus[number].load(FOREIGN, record.thread, None)


def kicks(records, ncpu, place):
    """{rule: kicks by cause} of all records on ncpu CPUs."""
    sent = {rule: Counter() for rule in RULES}
    for step in steps(records, ncpu, place):
        for rule, targets in step.targets.items():
            sent[rule][step.record.cause] += len(targets)
    return sent


def late(records, ncpu, place, wait_ns=LATE_NS):
    """Kicks by cause, OPT(wait_ns): the least that keeps within the wait.

    On each CPU a request is a span, from its time to wait_ns later; a kernel
    entry ends all that are open, and so does a kick for whatever reason.  To
    kick where the first of them ends, and not before, is the least that meets
    all spans.  What may not be late is kicked for at once.
    """
    sent = Counter()
    waiting = [[] for _ in range(ncpu)]         # [(end of the span, cause)]

    def kick_those_due(now):
        for spans in waiting:
            if spans and (now is None or spans[0][0] < now):
                sent[spans[0][1]] += 1
                spans.clear()

    for step in steps(records, ncpu, place):
        record = step.record
        kick_those_due(record.time)
        for number in step.entered:
            waiting[number].clear()
        for number in step.targets.get("need", ()):
            if record.cause in LATE:
                waiting[number].append((record.time + wait_ns, record.cause))
            else:
                sent[record.cause] += 1
                waiting[number].clear()
    kick_those_due(None)
    return sent


def split(sent):
    """(kicks that could not be late, kicks that could) of kicks by cause."""
    could = sum(sent[cause] for cause in LATE)
    return sum(sent.values()) - could, could
