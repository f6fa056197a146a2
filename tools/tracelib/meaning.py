# SPDX-License-Identifier: BSD-2-Clause
"""What a trace's events mean: operations on spaces and pages.

The rules are those of traces/README.md.  World follows the recorded machine
event by event: who runs where, which spaces exist, which pages are present
with which rights.  From that come the operations (records of the binary form),
the class of every line, and how many requests the operations make.

A line belongs to exactly one class:
  applied   it is an operation (a system call's two lines are one operation)
  implicit  a switch that the recording lacks had to come first
  hidden    a fault on a page that is present already: see fault()
  ignored   no operation: reference only, failed, or without effect
"""

from collections import Counter

from .model import (Cpu, FLAG_FIXED, FLAG_RACED, FOREIGN, LAZY, PAGE_SHIFT,
                    Record, Space, Thread, USER, USER_RIGHT, WRITE_RIGHT,
                    pages_of)

MAP_FIXED = 0x10
MADVISE_UNMAPS = (4, 8)         # MADV_DONTNEED, MADV_FREE
FAILED = 2**64 - 4096           # results above are errors

# What a name tells of a task that the trace does not follow.
KERNEL_THREADS = ("swapper", "kworker", "rcu_", "migration", "ksoftirqd",
                  "kcompactd", "kthread")

# Lines that only a followed task can have: they make it a thread of the trace.
# Each says that the task has entered the kernel; other lines may be there
# because of a flush kick, and would not be without it.
FOLLOWED = ("page_fault", "sys_", "sched_process_")


class World:
    """The recorded machine, driven event by event."""

    def __init__(self, events, ncpu):
        self.cpus = [Cpu() for _ in range(ncpu)]
        self.spaces, self.threads, self.records = [], [], []
        self.space_at = {}              # (tgid, execs) -> Space
        self.execs = Counter()          # tgid -> execs so far
        self.by_pid = {}                # pid -> Thread
        self.pending = {}               # pid -> (mmap's event, its lines)
        self.lines, self.ignored = Counter(), Counter()         # by event
        self.classes = Counter()
        self.counts = Counter()         # rows of the golden table, and more
        self.requests = Counter()       # by cause
        self.frames = self.frames_peak = 0
        self.living = self.spaces_peak = 0
        self._first_look(events)

    # ---- Who is who ----------------------------------------------------

    def _first_look(self, events):
        """The tasks that the trace follows, and each fork's child's TGID."""
        tgid = {}
        self.child_tgid = {}            # line of the fork -> TGID, or None
        self.root_tgid = {}             # pid -> TGID of its first line
        for event in reversed(events):
            if event.name == "sched_process_fork":
                self.child_tgid[event.line] = \
                    tgid.pop(event.args["child_pid"], None)
            if event.pid and event.tgid and event.name.startswith(FOLLOWED):
                tgid[event.pid] = event.tgid
            elif event.pid in tgid:
                tgid[event.pid] = event.tgid
        for pid, group in tgid.items():
            self._new_thread(pid, group)

    def _new_thread(self, pid, tgid):
        thread = Thread(len(self.threads), pid, tgid)
        self.threads.append(thread)
        self.by_pid[pid] = thread
        return thread

    def last_space_of(self, thread):
        """The space that a thread is in, or was in when it was dropped."""
        key = thread.tgid, self.execs[thread.tgid]
        return self.space_at.get(key) or self._new_space(*key)

    def space_of(self, thread):
        """The space that a thread is in; None: it has been dropped."""
        space = self.last_space_of(thread)
        return None if space.dead else space

    def _new_space(self, tgid, execs):
        space = Space(len(self.spaces), tgid, execs)
        self.spaces.append(space)
        self.space_at[tgid, execs] = space
        self.living += 1
        self.spaces_peak = max(self.spaces_peak, self.living)
        return space

    # ---- Events --------------------------------------------------------

    def take(self, event):
        """One event of the file, in its order."""
        self.lines[event.name] += 1
        cpu = self.cpus[event.cpu]
        thread = self.by_pid.get(event.pid)
        implicit = thread and cpu.thread is not thread and not _trails(event)
        if implicit:
            self._implicit(event, cpu, thread)
        handler = getattr(self, "_" + event.name, None)
        if not handler or not (thread or event.name == "sched_switch"):
            record = None
        elif event.name == "sys_mmap" and event.result is None:
            self._forget_mmap(event.pid)
            self.pending[event.pid] = event, not implicit
            self._enter(event, implicit, thread)
            return
        else:
            record = handler(event, cpu, thread)
            cpu.line = event.line
        if record:
            record.lines -= bool(implicit)
            self._apply(record)
        else:
            self._enter(event, implicit, thread)
            if not implicit:
                self._ignore(event)

    def finish(self):
        """After the last event: system calls that never came back."""
        for pid in list(self.pending):
            self._forget_mmap(pid)

    def _apply(self, record):
        self.classes["hidden" if record.hidden else "applied"] += record.lines
        self.counts["op " + record.op] += 1
        if record.cause:
            self.requests[record.cause] += 1
        self.records.append(record)

    def _forget_mmap(self, pid):
        """The pending mmap of a thread, if any, will not come back."""
        event, unaccounted = self.pending.pop(pid, (None, False))
        if unaccounted:
            self._ignore(event)

    def _ignore(self, event):
        self.ignored[event.name] += 1
        self.classes["ignored"] += 1

    def _implicit(self, event, cpu, thread):
        space = self.space_of(thread)
        cpu.load(USER, thread, space)
        self.records.append(Record(event, "implicit", thread, space))
        self.counts["op implicit"] += 1
        self.classes["implicit"] += 1

    def _enter(self, event, implicit, thread):
        """A kernel entry that is no operation."""
        if thread and not implicit and event.name.startswith(FOLLOWED):
            self.records.append(Record(event, "enter", thread,
                                       self.space_of(thread), lines=0))
            self.counts["op enter"] += 1

    def _sched_switch(self, event, cpu, _thread):
        pid, name = event.args["next_pid"], event.args["next_comm"]
        thread = self.by_pid.get(pid)
        leaves = self.by_pid.get(event.args["prev_pid"])
        if thread:
            cpu.load(USER, thread, self.space_of(thread))
            return Record(event, "switch_user", thread, cpu.space,
                          other=leaves)
        if pid == 0 or name.startswith(KERNEL_THREADS):
            cpu.load(LAZY, None, cpu.space)
            return Record(event, "switch_lazy", other=leaves)
        cpu.load(FOREIGN, None, None)
        return Record(event, "switch_foreign", other=leaves)

    def _page_fault_user(self, event, cpu, thread):
        space = cpu.space
        if space is None:
            return None
        page = event.args["address"] >> PAGE_SHIFT
        code = event.args["error_code"]
        rights = USER_RIGHT | (WRITE_RIGHT if code & 2 else 0)
        if code & 1:
            return self._cow(event, thread, space, page, rights)
        return self._fault(event, thread, space, page, rights)

    def _cow(self, event, thread, space, page, rights):
        self.counts["cow"] += 1
        if page not in space.present:
            self.counts["cow absent"] += 1
            self._set(space, page, USER_RIGHT)
        self._set(space, page, rights)
        return Record(event, "cow", thread, space, rights=rights, page=page,
                      npages=1, cause="cow")

    def _fault(self, event, thread, space, page, rights):
        """A page faulted in.

        When it is present already, either an unmap was not recorded, or two
        threads faulted at once: the CPU that mapped it has had no later event,
        so its own fault may still have been going on when this one was taken.
        The second of a race changed nothing, in life neither.
        """
        hidden, raced = page in space.present, False
        if hidden:
            cpu, line = space.mapper.get(page, (event.cpu, 0))
            raced = cpu != event.cpu and self.cpus[cpu].line == line
            self.counts["hidden"] += 1
            self.counts["raced"] += raced
        if not raced:
            self._set(space, page, rights)
            space.mapper[page] = event.cpu, event.line
        return Record(event, "fault", thread, space, rights=rights, page=page,
                      npages=1, flags=FLAG_RACED if raced else 0,
                      hidden=hidden,
                      cause="hidden" if hidden and not raced else None)

    def _sys_mmap(self, event, _cpu, thread):
        """The return of mmap; its entry is pending since take()."""
        if event.pid not in self.pending:
            return None
        entry, unaccounted = self.pending[event.pid]
        space = self.space_of(thread)
        if event.result >= FAILED or space is None:
            self._forget_mmap(event.pid)
            return None
        del self.pending[event.pid]
        fixed = bool(entry.args["flags"] & MAP_FIXED)
        first, count = pages_of(event.result, entry.args["len"])
        hit = fixed and self._unmap(space, first, count)
        self.counts["mmap ok"] += 1
        self.counts["mmap fixed"] += fixed
        return Record(event, "mmap", thread, space, page=first, npages=count,
                      lines=1 + unaccounted, flags=FLAG_FIXED if fixed else 0,
                      cause="mmap" if hit else None)

    def _sys_munmap(self, event, _cpu, thread):
        return self._range(event, thread, "munmap", "addr", "len")

    def _sys_madvise(self, event, _cpu, thread):
        if event.args.get("behavior") not in MADVISE_UNMAPS:
            return None
        return self._range(event, thread, "madvise", "start", "len_in")

    def _range(self, event, thread, cause, start, length):
        """A range whose present pages go away."""
        space = self.space_of(thread)
        if event.result is not None or space is None:
            return None
        first, count = pages_of(event.args[start], event.args[length])
        hit = bool(self._unmap(space, first, count))
        self.counts[cause] += 1
        self.counts[cause + " hit"] += hit
        return Record(event, cause, thread, space, page=first, npages=count,
                      cause=cause if hit else None)

    def _sys_mprotect(self, event, _cpu, thread):
        space = self.space_of(thread)
        if event.result is not None or space is None:
            return None
        prot = event.args["prot"]
        rights = (USER_RIGHT if prot & 7 else 0) | (prot & WRITE_RIGHT)
        first, count = pages_of(event.args["start"], event.args["len"])
        pages = space.within(first, count)
        self.counts["mprotect"] += 1
        self.counts["mprotect hit"] += bool(pages)
        lost = any(space.present[page] & ~rights for page in pages)
        for page in pages:
            self._set(space, page, rights)
        return Record(event, "mprotect", thread, space, rights=rights,
                      page=first, npages=count,
                      cause="mprotect" if lost else None)

    def _sched_process_fork(self, event, _cpu, thread):
        child, tgid = event.args["child_pid"], self.child_tgid[event.line]
        space = self.space_of(thread)
        if tgid is None or space is None:
            self.counts["fork ignored"] += 1
            return None
        self._new_thread(child, tgid)
        if tgid == thread.tgid:
            self.counts["clone"] += 1
            return Record(event, "clone", thread, space,
                          other=self.by_pid[child])
        self.counts["fork"] += 1
        self.execs[tgid] = 0
        copy = self._new_space(tgid, 0)
        for page, rights in list(space.present.items()):
            self._set(space, page, rights & ~WRITE_RIGHT)
            self._set(copy, page, rights & ~WRITE_RIGHT)
        return Record(event, "fork", thread, space, other=copy, cause="fork")

    def _sched_process_exec(self, event, cpu, thread):
        old = self.space_of(thread)
        if old is None:
            return None
        self.counts["exec"] += 1
        self.execs[thread.tgid] += 1
        cpu.load(USER, thread, self.space_of(thread))
        self._drop(old)
        return Record(event, "exec", thread, old, other=cpu.space,
                      cause="exec", tables=True)

    def _sched_process_exit(self, event, cpu, thread):
        space = self.space_of(thread)
        if event.args["group_dead"] != "true" or space is None:
            return None
        cpu.load(FOREIGN, thread, None)
        self._drop(space)
        return Record(event, "exit", thread, space, cause="exit", tables=True)

    # ---- Pages ---------------------------------------------------------

    def _set(self, space, page, rights):
        if page not in space.present:
            self.frames += 1
            self.frames_peak = max(self.frames_peak, self.frames)
        space.present[page] = rights
        space.ever.add(page)

    def _unmap(self, space, first, count):
        """How many pages of the range were present, and are no longer."""
        pages = space.within(first, count)
        for page in pages:
            del space.present[page]
        self.frames -= len(pages)
        return len(pages)

    def _drop(self, space):
        self.frames -= len(space.present)
        space.present = {}
        space.dead = True
        self.living -= 1


def _trails(event):
    """A line that bears the name of a task that is on its way out.

    A sched_switch says itself where the CPU goes; the tlb_flush (0) after it
    still has the old task's name.
    """
    if event.name == "sched_switch":
        return True
    return event.name == "tlb_flush" and event.args["reason"].endswith("(0)")


def page_lists(world):
    """Each space's pages in order, so that a range is (first, count) of it."""
    return [sorted(space.ever) for space in world.spaces]
