# SPDX-License-Identifier: BSD-2-Clause
"""How many kicks each rule sends for the same operations, placed the same way.

need       who runs in the space; who holds its root lazily, if tables go
linux      the same; and when tables go, whoever once had the space and has
           not been told since that it is gone
broadcast  every other CPU, each time

A placement says on which CPU a thread's operation is made.  Where threads that
ran at once share a CPU, it switches to whoever has the next operation.
"""

from collections import Counter, defaultdict

from .model import FOREIGN, LAZY, USER, Cpu

RULES = ("need", "linux", "broadcast")


def recorded(record, _thread):
    """The CPU column of the recording."""
    return record.cpu


def spread(ncpu):
    """Thread k on CPU k mod ncpu."""
    return lambda record, thread: thread.number % ncpu if thread else None


def _leave(record, cpus, place):
    """The CPU of the thread that a switch takes away: lazy, or foreign."""
    number = place(record, record.other)
    if number is None or cpus[number].thread not in (None, record.other) \
            and place is not recorded:
        return
    cpu = cpus[number]
    if record.op == "switch_foreign":
        cpu.load(FOREIGN, None, None)
    else:
        cpu.load(LAZY, None, cpu.space)


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


def kicks(records, ncpu, place):
    """{rule: kicks by cause} of all records on ncpu CPUs."""
    cpus = [Cpu() for _ in range(ncpu)]
    members = defaultdict(set)          # space -> CPUs that once had it
    sent = {rule: Counter() for rule in RULES}
    for record in records:
        if record.op.startswith("switch"):
            _leave(record, cpus, place)
        if not record.thread:
            continue
        number = _run(record, cpus, place, members)
        if record.cause:
            targets = _targets(record, number, cpus, members)
            for rule in RULES:
                sent[rule][record.cause] += len(targets[rule])
        if record.op == "exit":
            cpus[number].load(FOREIGN, record.thread, None)
    return sent
