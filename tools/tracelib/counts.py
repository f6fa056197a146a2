# SPDX-License-Identifier: BSD-2-Clause
"""The golden table: what a reader of a trace must find in it."""

from . import rules
from .meaning import World
from .reference import Reference
from .text import read_trace


class Reading:
    """A whole trace, read and understood."""

    def __init__(self, path):
        self.events, self.ncpu = read_trace(path)
        self.world = World(self.events, self.ncpu)
        self.reference = Reference(self.world)
        for event in self.events:
            self.world.take(event)
            self.reference.take(event)
        self.world.finish()
        self.reference.finish()


def golden_rows(reading):
    """[(key, number)]: one row per number of the golden table."""
    world, reference = reading.world, reading.reference
    count, strict = world.counts, reference.strict
    return [
        ("events", len(reading.events)),
        ("page_fault_user", world.lines["page_fault_user"]),
        ("copy_on_write", count["cow"]),
        ("mmap_succeeded", count["mmap ok"]),
        ("mmap_fixed", count["mmap fixed"]),
        ("munmap", count["munmap"]),
        ("munmap_hit", count["munmap hit"]),
        ("mprotect", count["mprotect"]),
        ("mprotect_hit", count["mprotect hit"]),
        ("madvise_unmap", count["madvise"]),
        ("exec", count["exec"]),
        ("fork_process", count["fork"]),
        ("clone_thread", count["clone"]),
        ("ipi_send_cpu", reference.ipis["all"]),
        ("flush_kicks", reference.ipis["flush"]),
        ("requests_remote", reference.remote),
        ("requests_local", reference.local),
        ("strict_need", strict["request user"]),
        ("kicks_lazy_tables", strict["kick lazy"]),
        ("kicks_gone", strict["kick gone"]),
    ]


def class_rows(reading):
    """[(key, number)]: what became of the lines; they add up to the events."""
    world = reading.world
    rows = [("lines_" + name, world.classes[name])
            for name in ("applied", "implicit", "hidden", "ignored")]
    rows += [("hidden_raced", world.counts["raced"]),
             ("cow_absent", world.counts["cow absent"]),
             ("fork_ignored", world.counts["fork ignored"])]
    rows += [("op_" + key[3:], number) for key, number
             in sorted(world.counts.items()) if key.startswith("op ")]
    return rows


def cause_rows(reading):
    """[(key, number)]: requests and kicks, recorded, made and needed."""
    world, reference = reading.world, reading.reference
    needs = rules.kicks(world.records, reading.ncpu, rules.recorded)["need"]
    rows = []
    for what, counter in (("recorded_requests", reference.requests),
                          ("recorded_kicks", reference.kicks),
                          ("replay_requests", world.requests),
                          ("replay_needs", needs)):
        rows += [("%s_%s" % (what, cause), number)
                 for cause, number in sorted(counter.items()) if number]
    return rows
