# SPDX-License-Identifier: BSD-2-Clause
"""The things that a trace speaks of: spaces, threads, CPUs, operations."""

import bisect

PAGE_SHIFT = 12

# Where a CPU stands.  FOREIGN: a task outside the trace, or none.
FOREIGN, USER, LAZY = "foreign", "user", "lazy"

# Operations, causes and rights of the binary form: the same in work/trace.h.
OPS = ("none", "implicit", "switch_user", "switch_lazy", "switch_foreign",
       "fault", "cow", "mmap", "munmap", "madvise", "mprotect", "fork",
       "clone", "exec", "exit", "enter")
CAUSES = ("cow", "hidden", "mmap", "munmap", "madvise", "mprotect", "fork",
          "exec", "exit", "other")
USER_RIGHT, WRITE_RIGHT = 1, 2
FLAG_FIXED, FLAG_RACED = 1, 2


def pages_of(start, length):
    """(first page, pages) of a range whose length is rounded up."""
    first = start >> PAGE_SHIFT
    end = (start + length + (1 << PAGE_SHIFT) - 1) >> PAGE_SHIFT
    return first, max(end - first, 0)


def index_range(pages, first, count):
    """(index, count) in a sorted list of what lies in a range of pages."""
    low = bisect.bisect_left(pages, first)
    return low, bisect.bisect_left(pages, first + count) - low


class Space:
    """An address space of the recorded program."""

    def __init__(self, number, tgid, execs):
        self.number, self.tgid, self.execs = number, tgid, execs
        self.present = {}       # page -> rights
        self.mapper = {}        # page -> (cpu, line) of its last fault
        self.ever = set()       # every page it ever had
        self.dead = False

    def within(self, first, count):
        """The present pages of a range."""
        if count < len(self.present):
            return [p for p in range(first, first + count)
                    if p in self.present]
        return [p for p in self.present if first <= p < first + count]


class Thread:
    """A thread of the recorded program."""

    def __init__(self, number, pid, tgid):
        self.number, self.pid, self.tgid = number, pid, tgid


class Cpu:
    """What one CPU of the recording runs and has loaded."""

    def __init__(self):
        self.line = 0           # of its last event that is no reference
        self.load(FOREIGN, None, None)

    def load(self, state, thread, space):
        self.state, self.thread, self.space = state, thread, space


class Record:
    """One operation.

    `lines` is how many lines of the text it stands for: two for a system call
    whose return was recorded, none when an implicit switch had its line.
    `other` is a space (fork, exec) or a thread (clone: the new one; switches:
    the one that leaves).  `cause` is that of the shootdown it makes, if any.
    """

    __slots__ = ("line", "time", "op", "rights", "flags", "lines", "cpu",
                 "thread", "space", "other", "page", "npages", "cause",
                 "tables", "hidden")

    def __init__(self, event, op, thread=None, space=None, **more):
        self.line, self.time = event.line, event.time
        self.cpu, self.op = event.cpu, op
        self.thread, self.space = thread, space
        self.rights = self.flags = self.page = self.npages = 0
        self.other, self.lines, self.cause = None, 1, None
        self.tables = self.hidden = False
        for key, value in more.items():
            setattr(self, key, value)
