#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/xcputrace: the recorded traces against the golden counts, the meaning of
each event on small made-up traces, and bad files."""
import collections
import json
import lzma
import pathlib
import random
import re
import sys
import tempfile

from harness import ROOT, TOOLS, Tap, run

sys.dont_write_bytecode = True
sys.path.insert(0, str(TOOLS))

from tracelib import counts, rules, text                    # noqa: E402

XCPUTRACE = TOOLS / "xcputrace"
TRACES = ROOT / "traces"
SLACK = 3       # kicks that a replay may send beyond the recorded ones


# ---- Made-up traces ---------------------------------------------------------

def trace(*lines, events=None, lost=0, times=()):
    """A whole trace of [(task, pid, tgid, cpu, event)], as tracefs prints it;
    one microsecond apart, or at these times in microseconds."""
    events = len(lines) if events is None else events
    out = ["# tracer: nop", "#", "# entries-in-buffer/entries-written: %d/%d"
           "   #P:2" % (events, events + lost), "#"]
    for number, (task, pid, tgid, cpu, event) in enumerate(lines):
        group = "%7d" % tgid if tgid else "-------"
        at = times[number] if times else number
        out.append("%16s-%-7d (%s) [%03d] d....  100.%06d: %s"
                   % (task, pid, group, cpu, at, event))
    return "\n".join(out) + "\n"


def line(event, pid=10, cpu=0, tgid=10, task="a b-1 (9)"):
    return task, pid, tgid, cpu, event


def fault(page, code, **where):
    return line("page_fault_user: address=0x%x ip=0x1 error_code=0x%x"
                % (page << 12, code), **where)


def switch(pid, comm, prev=10, cpu=0):
    return line("sched_switch: prev_comm=x y prev_pid=%d prev_prio=120 "
                "prev_state=S ==> next_comm=%s next_pid=%d next_prio=120"
                % (prev, comm, pid), cpu=cpu, pid=prev)


def read(folder, *lines, **more):
    path = pathlib.Path(folder, "made.trace")
    path.write_text(trace(*lines, **more))
    return counts.Reading(str(path))


def ops(reading):
    return [record.op for record in reading.world.records]


# ---- The recorded traces ----------------------------------------------------

def golden():
    """{trace: {row: number}} of golden.tsv."""
    lines = [x.split("\t") for x in (TRACES / "golden.tsv").read_text()
             .splitlines() if not x.startswith("#")]
    return {name: {row[0]: int(row[column]) for row in lines[1:]}
            for column, name in enumerate(lines[0]) if column}


def page_table():
    """{trace: [numbers]} of the golden table in README.md."""
    page = (TRACES / "README.md").read_text().split("## Golden counts")[1]
    rows = [[cell.strip() for cell in row.strip("|").split("|")]
            for row in page.splitlines() if row.startswith("|")]
    return {name: [int(n.replace(",", "")) for row in rows[2:]
                   for n in re.findall(r"\d[\d,]*", row[column])]
            for column, name in enumerate(rows[0]) if column}


def test_recorded(tap):
    wanted = golden()
    tap.test("golden.tsv has the numbers of README.md", page_table() ==
             {name: list(rows.values()) for name, rows in wanted.items()})
    tap.test("four traces are recorded", sorted(wanted) == sorted(
        path.name[:-len(".trace.xz")] for path in TRACES.glob("*.trace.xz")))
    for name, rows in wanted.items():
        reading = counts.Reading(str(TRACES / (name + ".trace.xz")))
        found = dict(counts.golden_rows(reading))
        tap.test("%s: %d golden counts" % (name, len(rows)),
                 found == rows, "\n".join(
                     "%s: %s, wanted %s" % (k, found.get(k), rows.get(k))
                     for k in rows if found.get(k) != rows.get(k)))
        check_sums(tap, name, reading)


def check_sums(tap, name, reading):
    world, reference = reading.world, reading.reference
    events = len(reading.events)
    by_record = sum(r.lines for r in world.records) + sum(
        world.ignored.values())
    tap.test(name + ": every line has one class", by_record == events and
             sum(world.classes.values()) == events, world.classes)
    tap.test(name + ": recorded requests and kicks all have a cause",
             sum(reference.requests.values()) ==
             reference.remote + reference.local and
             sum(reference.kicks.values()) == reference.ipis["flush"])
    need = rules.kicks(world.records, 2, rules.recorded)["need"]
    tap.test(name + ": the operations need no more kicks than were recorded",
             sum(need.values()) <= reference.ipis["flush"] + SLACK, need)
    tap.test(name + ": all frames come back", world.frames == 0)


# ---- The meaning of each event ----------------------------------------------

def test_names(tap):
    parse = text.parse_line
    event = parse(1, "   a-1 (2) [9] b-77      (     76) [001] d....  1.5: "
                  "sys_munmap(addr: 0x7f00, len: 10)")
    tap.test("a task's name may hold dashes, brackets and spaces",
             (event.pid, event.tgid, event.cpu) == (77, 76, 1))
    tap.test("arguments are hexadecimal", event.args ==
             {"addr": 0x7f00, "len": 0x10})
    event = parse(1, " shell    (   1540) [000] d..2.  1.5: " + switch(7, "r")[4])
    tap.test("a name without a pid is a thread unknown",
             event.pid is None and event.args["next_pid"] == 7)
    event = parse(1, "<idle>-0  (-------) [000] d..2.  1.5: "
                  + switch(7, "a next_pid=3 b")[4])
    tap.test("the next task's name is read from the right",
             event.args["next_comm"] == "a next_pid=3 b")


def test_switches(tap, folder):
    reading = read(folder, fault(1, 6), switch(0, "swapper/0"),
                   switch(30, "kworker/0:1"), switch(40, "other"),
                   switch(10, "a", prev=40), fault(2, 6))
    tap.test("idle and kernel threads are lazy, other names foreign",
             ops(reading) == ["implicit", "fault", "switch_lazy", "switch_lazy",
                              "switch_foreign", "switch_user", "fault"])
    late = line("tlb_flush: pages:0 reason:flush on task switch (0)")
    other = line("tlb_flush: pages:0 reason:local MM shootdown (3)")
    reading = read(folder, fault(1, 6), switch(0, "swapper/0"), late, other)
    tap.test("only a tlb_flush (0) may trail its sched_switch",
             ops(reading)[2:] == ["switch_lazy", "implicit"] and
             reading.world.classes == {"implicit": 2, "applied": 1,
                                       "ignored": 1})


def test_faults(tap, folder):
    reading = read(folder, fault(1, 4), fault(1, 7), fault(2, 7), fault(1, 6))
    world = reading.world
    tap.test("copy-on-write, absent or not, and a hidden unmap",
             ops(reading) == ["implicit", "fault", "cow", "cow", "fault"] and
             world.counts["cow absent"] == 1 and world.classes["hidden"] == 1
             and world.requests == {"cow": 2, "hidden": 1})
    reading = read(folder, fault(9, 6), fault(8, 6, pid=11, cpu=1),
                   fault(1, 6), fault(1, 6, pid=11, cpu=1),
                   fault(2, 6), fault(3, 6), fault(2, 6, pid=11, cpu=1))
    world = reading.world
    tap.test("of two faults at once the second has no effect",
             world.counts["hidden"] == 2 and world.counts["raced"] == 1 and
             world.requests == {"hidden": 1})


def test_ranges(tap, folder):
    enter = "sys_mmap(addr: 0, len: %s, prot: 3, flags: %s, fd: 0, off: 0)"
    reading = read(
        folder, fault(5, 6), fault(6, 6),
        line(enter % ("0x1001", "0x22")), line("sys_mmap -> 0x9000"),
        line(enter % ("0x1001", "0x32")), line("sys_mmap -> 0x5000"),
        line(enter % ("0x1000", "0x22")),
        line("sys_mmap -> 0xfffffffffffffff4"),
        line(enter % ("0x1000", "0x22")),
        line("sys_munmap(addr: 0x5000, len: 1000)"))
    world = reading.world
    mmaps = [r for r in world.records if r.op == "mmap"]
    tap.test("mmap: pairs, lengths rounded up, MAP_FIXED, failures",
             [(r.page, r.npages, r.cause) for r in mmaps] ==
             [(9, 2, None), (5, 2, "mmap")] and
             world.ignored["sys_mmap"] == 3 and world.requests == {"mmap": 1},
             (ops(reading), world.ignored, world.requests))
    reading = read(folder, fault(5, 6), fault(6, 4),
                   line("sys_mprotect(start: 0x6000, len: 0x1000, prot: 3)"),
                   line("sys_mprotect(start: 0x5000, len: 0x2000, prot: 1)"),
                   line("sys_mprotect(start: 0x5000, len: 0x2000, prot: 1)"),
                   line("sys_madvise(start: 0x5000, len_in: 1, behavior: 3)"),
                   line("sys_madvise(start: 0x5000, len_in: 1, behavior: 4)"),
                   line("sys_madvise(start: 0x5000, len_in: 1, behavior: 8)"),
                   line("sys_munmap(addr: 0x6000, len: 1)"))
    tap.test("mprotect, madvise and munmap flush what they take away",
             reading.world.requests == {"mprotect": 1, "madvise": 1,
                                        "munmap": 1} and
             reading.world.ignored == {"sys_madvise": 1},
             (reading.world.requests, reading.world.ignored))


def test_processes(tap, folder):
    fork = "sched_process_fork: comm=a pid=10 child_comm=a b child_pid=%d"
    reading = read(folder, fault(1, 6), line(fork % 20), line(fork % 21),
                   line(fork % 22),
                   fault(1, 7, pid=20, cpu=1, tgid=20), fault(2, 6, pid=21),
                   line("sched_process_exec: filename=/b pid=20 old_pid=20",
                        pid=20, tgid=20, cpu=1),
                   fault(1, 6, pid=20, tgid=20, cpu=1),
                   line("sched_process_exit: comm=a pid=21 prio=120 "
                        "group_dead=false", pid=21),
                   line("sched_process_exit: comm=a pid=10 prio=120 "
                        "group_dead=true"))
    world = reading.world
    spaces = {(s.tgid, s.execs): s for s in world.spaces}
    tap.test("fork copies, clone shares, a child without lines is ignored",
             world.counts["fork"] == world.counts["clone"] ==
             world.counts["fork ignored"] == 1 and
             spaces[20, 0].ever == {1} and spaces[10, 0].ever == {1, 2},
             world.counts)
    tap.test("exec and the last exit drop the space and free its tables",
             spaces[20, 0].dead and spaces[10, 0].dead and
             not spaces[20, 1].dead and sorted(world.requests.elements()) ==
             ["cow", "exec", "exit", "fork"] and
             [r.op for r in world.records if r.tables] == ["exec", "exit"])


def test_rules(tap, folder):
    reading = read(folder, fault(1, 6), fault(2, 6, pid=11, cpu=1),
                   fault(1, 7), switch(0, "swapper/1", prev=11, cpu=1),
                   fault(1, 7),
                   line("sched_process_exit: comm=a pid=10 prio=120 "
                        "group_dead=true"))
    sent = rules.kicks(reading.world.records, 2, rules.recorded)
    tap.test("a rule kicks who runs there; lazy CPUs when tables go",
             +sent["need"] == {"cow": 1, "exit": 1} and
             +sent["broadcast"] == {"cow": 2, "exit": 1}, sent)
    sent = rules.kicks(reading.world.records, 4, rules.spread(4))
    tap.test("spread places threads, not CPUs",
             sum(sent["broadcast"].values()) == 9, sent)


def munmap(page, **where):
    return line("sys_munmap(addr: 0x%x, len: 1000)" % (page << 12), **where)


def late(folder, *timed):
    """{cause: kicks} of OPT(4 ms), of [(milliseconds, line)] on two CPUs."""
    reading = read(folder, *(x for _, x in timed),
                   times=[int(ms * 1000) for ms, _ in timed])
    return +rules.late(reading.world.records, 2, rules.recorded)


def test_late(tap, folder):
    both = [(0, fault(page, 6)) for page in range(1, 6)] \
        + [(0, fault(9, 6, pid=11, cpu=1))]
    sent = late(folder, *both, (1, munmap(1)), (9, munmap(7)))
    tap.test("late: nobody comes by within the wait: one kick",
             sent == {"munmap": 1}, sent)
    sent = late(folder, *both, (1, munmap(1)),
                (5, fault(8, 6, pid=11, cpu=1)), (9, munmap(7)))
    tap.test("late: an entry at the end of the wait is none too late",
             not sent, sent)
    sent = late(folder, *both, (1, munmap(1)),
                (5.001, fault(8, 6, pid=11, cpu=1)), (9, munmap(7)))
    tap.test("late: an entry after it is", sent == {"munmap": 1}, sent)
    sent = late(folder, *both, (1, munmap(1)), (4.9, munmap(2)),
                (5.1, munmap(3)), (8, munmap(4)),
                (9.05, fault(8, 6, pid=11, cpu=1)))
    tap.test("late: a kick at the end serves all that wait, and no more",
             sent == {"munmap": 1}, sent)
    sent = late(folder, *both, (1, munmap(1)), (2, munmap(2)),
                (3, fault(3, 7)), (9, munmap(7)))
    tap.test("late: a kick that cannot wait serves them, too",
             sent == {"cow": 1}, sent)
    sent = late(folder, *both, (1, munmap(1)), (2, munmap(7)))
    tap.test("late: the end of the trace is no entry", sent == {"munmap": 1},
             sent)
    sent = late(folder, *both, (1, munmap(1)),
                (2, line("sys_madvise(start: 0x9000, len_in: 1, behavior: 3)",
                         pid=11, cpu=1)), (9, munmap(7)))
    tap.test("late: a call that changes nothing is an entry", not sent, sent)
    sent = late(folder, *both, (1, munmap(1)),
                (2, line("csd_function_entry: func=flush_tlb_func csd=0",
                         pid=11, cpu=1)),
                (2, line("call_function_single_entry: vector=251", pid=11,
                         cpu=1)), (9, munmap(7)))
    tap.test("late: what a kick leaves in the trace is none",
             sent == {"munmap": 1}, sent)
    idle = switch(0, "swapper/1", prev=11, cpu=1)
    gone = line("sched_process_exit: comm=a pid=10 prio=120 group_dead=true")
    sent = late(folder, *both, (1, idle), (2, munmap(1)), (3, gone),
                (9, switch(11, "b", prev=0, cpu=1)))
    tap.test("late: who idles with the root waits for freed tables only",
             sent == {"exit": 1}, sent)


def exhaustive(spans, entries):
    """The least kicks on one CPU, by trying all sets of spans' ends."""
    open_spans = [s for s in spans if not any(s[0] < e <= s[1]
                                              for e in entries)]
    ends = sorted({end for _, end in open_spans})
    return min(bin(mask).count("1") for mask in range(1 << len(ends))
               if all(any(mask >> i & 1 and a <= end <= b
                          for i, end in enumerate(ends))
                      for a, b in open_spans))


def test_least(tap, folder):
    """On 60 made-up traces no choice of kicks is better."""
    worse = []
    for seed in range(60):
        rng = random.Random(seed)
        at = sorted(rng.sample(range(1000, 25000, 50), 12))
        made = [(0, fault(page, 6)) for page in range(1, 13)] \
            + [(0, fault(20, 6, pid=11, cpu=1))]
        spans, entries = [], []
        for page, us in enumerate(at, 1):
            if rng.random() < 0.3:
                entries.append(us)
                made.append((us / 1000, fault(20 + page, 6, pid=11, cpu=1)))
            else:
                spans.append((us, us + 4000))
                made.append((us / 1000, munmap(page)))
        found = sum(late(folder, *made).values())
        if found != exhaustive(spans, entries):
            worse.append((seed, found, exhaustive(spans, entries)))
    tap.test("late: no set of kicks is smaller, on 60 traces", not worse, worse)


# ---- Bad files ----------------------------------------------------------------

def refused(tap, name, data, line_number, words, suffix=".trace"):
    """`convert` must name file, line and fault, exit with 1, write nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "bad" + suffix)
        path.write_bytes(data)
        status, output = run(XCPUTRACE, "convert", path,
                             pathlib.Path(folder, "out.bin"))
        left = sorted(p.name for p in pathlib.Path(folder).iterdir())
    start = "xcputrace: %s:%d: " % (path, line_number)
    tap.test("refused: " + name, status == 1 and left == [path.name] and
             output.startswith(start) and words in output and
             output.count("\n") == 1, (status, left, output))


def test_bad_files(tap):
    good = trace(fault(1, 6), fault(1, 7), fault(2, 6)).encode()
    packed = (TRACES / "rg-mmap.trace.xz").read_bytes()
    refused(tap, "an empty file", b"", 1, "tracefs")
    refused(tap, "a foreign file", b"\x7fELF\x00\x01", 1, "tracefs")
    refused(tap, "a foreign line", good.replace(b"[000]", b"<000>", 1), 5,
            "not a line of a trace")
    refused(tap, "an unknown event", good.replace(b"page_fault_user", b"oops",
                                                  1), 5, "unknown event 'oops'")
    refused(tap, "a missing argument", good.replace(b"error_code", b"e", 1), 5,
            "without error_code")
    refused(tap, "an argument that is no number",
            good.replace(b"address=0x1000", b"address=zz", 1), 5, "no number")
    refused(tap, "a line cut in the middle", good[:-20], 7, "truncated")
    refused(tap, "a file cut between lines",
            b"".join(good.splitlines(True)[:-1]), 6, "truncated: 2 events")
    refused(tap, "a header without its count",
            re.sub(rb"# entries.*\n", b"#\n", good), 5, "header")
    refused(tap, "overwritten events", trace(fault(1, 6), lost=7).encode(), 3,
            "7 of 8 events")
    refused(tap, "lost events", good.replace(
        b"# \n", b"#\n") + b"CPU:1 [LOST 5 EVENTS]\n", 8, "lost events")
    refused(tap, "a CPU that is not there", good.replace(b"[000]", b"[002]", 1),
            5, "CPU 2")
    refused(tap, "xz data cut short", packed[:20000], line_of(packed[:20000]),
            "truncated", ".trace.xz")
    refused(tap, "no xz data", good, 1, "xz", ".trace.xz")
    status, output = run(XCPUTRACE, "convert", "/nowhere/x.trace", "/nowhere/o")
    tap.test("a file that is not there", status == 1 and output ==
             "xcputrace: /nowhere/x.trace: No such file or directory\n", output)


def line_of(packed):
    """The line in which the text ends that this xz data holds."""
    whole = lzma.LZMADecompressor().decompress(packed)
    return whole.count(b"\n") + 1


def test_damage(tap):
    """Whatever is done to a trace, the answer is an error or a result."""
    lines = lzma.open(TRACES / "redis.trace.xz").read().splitlines()[:2700]
    seen = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "damaged.trace")
        for seed in range(60):
            damaged = list(lines)
            for hit in range(3):
                at = 12 + (seed * 7919 + hit * 104729) % (len(lines) - 12)
                if seed % 3 == 0:
                    damaged.insert(at, damaged[(at * 31) % len(lines)])
                elif seed % 3 == 1:
                    del damaged[at]
                else:
                    row = bytearray(damaged[at])
                    row[(seed * 13 + hit) % len(row)] = 33 + (seed + hit) % 90
                    damaged[at] = bytes(row)
            events = sum(not row.startswith(b"#") for row in damaged)
            damaged[2] = b"# entries-in-buffer/entries-written: %d/%d #P:2" \
                % (events, events)
            path.write_bytes(b"\n".join(damaged) + b"\n")
            try:
                reading = counts.Reading(str(path))
                fine = sum(reading.world.classes.values()) == events
                seen["read" if fine else "miscounted"] += 1
            except text.TraceError as error:
                seen["refused" if error.line else "no line"] += 1
    tap.test("60 damaged traces are read or refused", sum(seen.values()) == 60
             and seen["read"] and seen["refused"]
             and not seen["miscounted"] + seen["no line"], seen)


def test_commands(tap):
    status, output = run(XCPUTRACE, "--help")
    tap.test("--help", status == 0 and "convert" in output)
    status, output = run(XCPUTRACE, "count", "--format", "json",
                         TRACES / "rg-mmap.trace.xz")
    tap.test("count --format json", status == 0 and
             json.loads(output) == golden()["rg-mmap"], output)
    status, output = run(XCPUTRACE, "rules", "--place", "spread", "--cpus", 8,
                         TRACES / "rg-mmap.trace.xz")
    tap.test("rules says that spread is synthetic",
             status == 0 and output.startswith("synthetic"), output)
    status, output = run(XCPUTRACE, "twist")
    tap.test("an unknown command is a usage error", status == 2, output)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        test_names(tap)
        for test in (test_switches, test_faults, test_ranges, test_processes,
                     test_rules, test_late, test_least):
            test(tap, folder)
    test_bad_files(tap)
    test_damage(tap)
    test_commands(tap)
    test_recorded(tap)
    tap.end()


if __name__ == "__main__":
    main()
