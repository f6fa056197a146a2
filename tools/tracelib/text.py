# SPDX-License-Identifier: BSD-2-Clause
"""The text form of a tracefs `trace` file: one line -> one Event.

The first column is a task's name, and names hold spaces, dashes and brackets;
so a line is read from what follows the name: "-PID (TGID) [CPU] flags TIME:".
A name may even have swallowed its own "-PID"; that thread is then unknown
(pid None), which no operation needs.

A recording is only worth replaying whole.  tracefs says in its header how many
events the file holds and how many were ever written, so a file that was cut
short, or that lost events to a full buffer, is refused here with the line.
"""

import lzma
import re

LINE = re.compile(
    r"^\s*(?P<task>.*?)\s*\(\s*(?P<tgid>\d+|-+)\)\s+\[(?P<cpu>\d+)\]\s+\S+"
    r"\s+(?P<time>\d+\.\d+): (?P<name>[a-z]\w*)(?P<rest>.*)$")
TASK_PID = re.compile(r"^.*-(\d+)$")
ENTRIES = re.compile(
    r"^# entries-in-buffer/entries-written: (\d+)/(\d+)\s+#P:(\d+)")
RESULT = re.compile(r"^ -> (0x[0-9a-f]+|-?\d+)$")
SWITCH = re.compile(
    r"^: prev_comm=(?P<prev_comm>.*) prev_pid=(?P<prev_pid>\d+) "
    r"prev_prio=-?\d+ prev_state=\S+ ==> "
    r"next_comm=(?P<next_comm>.*) next_pid=(?P<next_pid>\d+) next_prio=-?\d+$")

# What the kernel prints in decimal; every other number is hexadecimal.
DECIMAL = {"pid", "old_pid", "child_pid", "cpu", "pages"}

# What stays text; every other argument here is a number.
TEXT = {"next_comm", "group_dead", "reason"}
# The arguments without which an event says nothing.
NEEDED = {
    "sched_switch": ("prev_pid", "next_comm", "next_pid"),
    "sched_process_fork": ("child_pid",),
    "sched_process_exec": ("pid",),
    "sched_process_exit": ("pid", "group_dead"),
    "page_fault_user": ("address", "error_code"),
    "sys_mmap": ("len", "flags"),
    "sys_munmap": ("addr", "len"),
    "sys_madvise": ("start", "len_in", "behavior"),
    "sys_mprotect": ("start", "len", "prot"),
    "sys_exit_group": (),
    "tlb_flush": ("reason",),
    "csd_queue_cpu": ("cpu",),
}
# Events that say what the recorded kernel did about them.
REFERENCE = ("ipi_", "csd_", "call_function_", "reschedule_", "tlb_flush")


class TraceError(Exception):
    """What is wrong with a trace, and in which line."""

    def __init__(self, line, message):
        super().__init__(message)
        self.line = line


def _nanoseconds(text):
    """Seconds, with up to nine digits behind the point."""
    whole, _, part = text.partition(".")
    return int(whole) * 10**9 + int(part[:9].ljust(9, "0"))


class Event:
    """One line: where and when it ran, what happened, with which arguments."""

    __slots__ = ("line", "time", "pid", "tgid", "cpu", "name", "args",
                 "result")

    def __init__(self, line, match, args, result):
        pid = TASK_PID.match(match["task"])
        self.line = line
        self.pid = int(pid[1]) if pid else None
        self.tgid = int(match["tgid"]) if match["tgid"].isdigit() else None
        self.cpu = int(match["cpu"])
        self.time = _nanoseconds(match["time"])
        self.name = match["name"]
        self.args = args
        self.result = result


def _number(key, text):
    """The value as a number where it is one, else the text itself."""
    try:
        return int(text, 10 if key in DECIMAL else 16)
    except ValueError:
        return text


def _arguments(name, rest):
    """(arguments, result) of what follows an event's name."""
    result = RESULT.match(rest)
    if result:
        return {}, int(result[1], 0) % 2**64
    if name == "sched_switch":
        found = SWITCH.match(rest)
        args = found.groupdict() if found else {}
        return {k: int(v) if k.endswith("_pid") else v
                for k, v in args.items()}, None
    if rest.startswith("(") and rest.endswith(")"):
        pairs = re.findall(r"(\w+): ([^,)]+)", rest)
    else:
        # Names hold spaces, so a value ends where the next " key=" begins;
        # tlb_flush alone spells key:value.
        pairs = re.findall(r"(\w+)[=:](\S.*?)(?=,? \w+[=:]|$)", rest)
    return {k: _number(k, v) for k, v in pairs}, None


def parse_line(number, text):
    """The Event in one line of text; TraceError when it is none."""
    match = LINE.match(text)
    if not match:
        if "LOST" in text and "EVENTS" in text:
            raise TraceError(number, "the recording lost events here; "
                             "record again with a larger buffer")
        raise TraceError(number, "not a line of a trace: %.60r" % text)
    name = match["name"]
    if name not in NEEDED and not name.startswith(REFERENCE):
        raise TraceError(number, "unknown event %r" % name)
    args, result = _arguments(name, match["rest"])
    if result is None:
        for key in NEEDED.get(name, ()):
            if key not in args:
                raise TraceError(number, "%s without %s" % (name, key))
            if key not in TEXT and not isinstance(args[key], int):
                raise TraceError(number, "%s: %s is no number: %.40r"
                                 % (name, key, args[key]))
    return Event(number, match, args, result)


def read_bytes(path):
    """The file's bytes, unpacked if its name ends in .xz."""
    with open(path, "rb") as file:
        raw = file.read()
    if not path.endswith(".xz"):
        return raw, None
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        data = unpacker.decompress(raw)
    except lzma.LZMAError as error:
        raise TraceError(1, "not an xz file, or a damaged one: %s" % error) \
            from None
    if not unpacker.eof:
        return data, "the xz file is cut short"
    return data, None


def _header(lines):
    """(events in the file, CPUs) as the header says."""
    if not lines or not lines[0].startswith("# tracer:"):
        hint = ""
        if lines and lines[0].startswith("XCPUTRC"):
            hint = "; it is the binary form already"
        raise TraceError(1, "not the text of a tracefs trace (it begins with "
                         "'# tracer:')" + hint)
    for number, text in enumerate(lines, 1):
        if not text.startswith("#"):
            break
        entries = ENTRIES.match(text)
        if not entries:
            continue
        held, written, cpus = (int(x) for x in entries.groups())
        if held != written:
            raise TraceError(number, "%d of %d events were overwritten; record"
                             " again with a larger buffer"
                             % (written - held, written))
        return held, cpus
    raise TraceError(number, "no '# entries-in-buffer/entries-written:' line "
                     "in the header: whether the file is whole is unknown")


def read_trace(path):
    """(events, CPUs) of a whole trace file, or TraceError."""
    data, cut = read_bytes(path)
    lines = data.decode("latin-1").split("\n")
    if lines[-1] and not cut and lines[0].startswith("# tracer:"):
        cut = "the last line has no end"
    last = lines.pop() if cut or not lines[-1] else None
    if cut:
        raise TraceError(len(lines) + 1, "truncated: %s (after %.30r)"
                         % (cut, last))
    expected, cpus = _header(lines)
    events = [parse_line(number, text) for number, text
              in enumerate(lines, 1) if not text.startswith("#")]
    if len(events) != expected:
        raise TraceError(len(lines), "%s: %d events where the header says %d"
                         % ("truncated" if len(events) < expected
                            else "too long", len(events), expected))
    for event in events:
        if event.cpu >= cpus:
            raise TraceError(event.line, "CPU %d of a trace of %d CPUs"
                             % (event.cpu, cpus))
    return events, cpus
