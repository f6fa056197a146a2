#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""work/trace.c against tools/xcputrace: what one writes, the other reads; and
bad files, each under the sanitizers, are refused for what is wrong with them."""
import lzma
import os
import pathlib
import random
import struct
import sys
import tempfile
import zlib

from harness import ROOT, TOOLS, Tap, run

sys.dont_write_bytecode = True
sys.path.insert(0, str(TOOLS))

from tracelib import binary, counts, meaning, model         # noqa: E402

TRACES = ROOT / "traces"
HERE = ROOT / "tests" / "tools"
FILES = 300     # of random damage
FLAGS = ("-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror",
         "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build(tap, folder):
    """The program that prints a binary trace through work/trace.c."""
    program = pathlib.Path(folder, "trace_print")
    status, output = run(os.environ.get("CC", "cc"), *FLAGS, "-I",
                         ROOT / "work", "-o", program, HERE / "trace_print.c",
                         ROOT / "work" / "trace.c")
    tap.test("the reader builds with sanitizers", status == 0, output)
    return program if status == 0 else None


def expected(reading, name):
    """What trace_print prints of a trace, made from the reading itself."""
    world, reference = reading.world, reading.reference
    lists = meaning.page_lists(world)
    out = ["name " + name, "events %d" % len(reading.events),
           "cpus %d" % reading.ncpu, "frames %d" % world.frames_peak]
    by_cause = lambda c: " ".join(str(c[x]) for x in model.CAUSES)
    out += ["lines " + " ".join(str(world.classes[c]) for c in
                                ("applied", "implicit", "hidden", "ignored")),
            "ops " + " ".join(str(world.counts["op " + x])
                              for x in model.OPS),
            "requests " + by_cause(world.requests),
            "recorded_requests " + by_cause(reference.requests),
            "recorded_kicks " + by_cause(reference.kicks)]
    for space, pages in zip(world.spaces, lists):
        out.append(" ".join(["space %d %d :" % (space.tgid, space.execs)]
                            + ["%x" % (page << 12) for page in pages]))
    none = 0xffff
    for r in world.records:
        numbers = [x.number if x else none for x in (r.thread, r.space, r.other)]
        out.append(" ".join(str(x) for x in (
            r.line, model.OPS.index(r.op), r.rights, r.flags, r.lines, r.cpu,
            *numbers, r.time - binary.first_time(world))))
    return out


def test_round_trip(tap, program, folder):
    for path in sorted(TRACES.glob("*.trace.xz")):
        name = path.name[:-len(".trace.xz")]
        reading = counts.Reading(str(path))
        file = pathlib.Path(folder, name + ".bin")
        binary.write(str(file), binary.encode(reading, name))
        status, output = run(program, file)
        printed = output.splitlines()
        missing = not_printed(printed, expected(reading, name))
        tap.test(name + ": the reader sees what the writer meant",
                 status == 0 and not missing, "\n".join(missing[:5]))
        check_ranges(tap, name, reading, printed)


def not_printed(printed, wanted):
    """Lines of `wanted` that are not there; of records, without the pages."""
    have = {line.rsplit(" ", 2)[0] if line[0].isdigit() else line
            for line in printed}
    return [line for line in wanted if line not in have]


def check_ranges(tap, name, reading, printed):
    """A record's pages are those of its space that lie in its range."""
    spaces = [[int(x, 16) >> 12 for x in line.split(" ")[4:]]
              for line in printed if line.startswith("space ")]
    rows = [line.split(" ") for line in printed if line[0].isdigit()]
    wrong = 0
    for record, row in zip(reading.world.records, rows):
        if record.npages:
            first, end = int(row[-2]), int(row[-2]) + int(row[-1])
            pages = spaces[record.space.number]
            last = record.page + record.npages
            wrong += any(p < record.page for p in pages[first:first + 1]) \
                or any(p >= last for p in pages[first:end][-1:]) \
                or any(p >= record.page for p in pages[:first][-1:]) \
                or any(p < last for p in pages[end:end + 1])
    tap.test(name + ": every range names its pages",
             len(rows) == len(reading.world.records) and not wrong, wrong)


# ---- Bad files ----------------------------------------------------------------

def sealed(data):
    """The same bytes with a checksum that fits."""
    crc = zlib.crc32(data[binary.CRC_END:])
    return data[:24] + struct.pack("<I", crc) + data[28:]


def patched(data, at, form, value):
    packed = struct.pack("<" + form, value)
    return data[:at] + packed + data[at + len(packed):]


def bad_files(good):
    """(what is wrong, bytes, the error) of files to refuse."""
    record = binary.HEADER.size         # the first one: a fault, or implicit
    pages = len(good) - 8
    return [
        ("an empty file", b"", -2),
        ("a foreign file", b"\x7fELF" + good[4:], -2),
        ("only a magic", good[:8], -1),
        ("half a file", good[:len(good) // 2], -1),
        ("one byte less", good[:-1], -1),
        ("another version", sealed(patched(good, 8, "I", 1)), -3),
        ("a wrong header length", sealed(patched(good, 12, "I", 256)), -4),
        ("a wrong record length", sealed(patched(good, 28, "I", 16)), -4),
        ("more records than bytes",
         sealed(patched(good, 36, "I", 0xffffffff)), -4),
        ("more pages than bytes", sealed(patched(good, 52, "I", 1 << 30)), -4),
        ("a flipped byte", patched(good, 700, "B", good[700] ^ 1), -5),
        ("a wrong checksum", patched(good, 24, "I", 1), -5),
        ("an unknown operation", sealed(patched(good, record + 4, "B", 99)), -6),
        ("a CPU out of range", sealed(patched(good, record + 8, "H", 2)), -6),
        ("a thread out of range",
         sealed(patched(good, record + 10, "H", 60000)), -6),
        ("a space out of range",
         sealed(patched(good, record + 12, "H", 60000)), -6),
        ("pages out of range",
         sealed(patched(good, record + 20, "I", 1 << 31)), -6),
        ("an unaligned page", sealed(patched(good, pages, "Q", 1)), -6),
        ("pages out of order", sealed(patched(good, pages, "Q", 0)), -6),
    ]


def test_bad_files(tap, program, folder, good):
    cases = bad_files(good)
    paths = []
    for number, (_, data, _) in enumerate(cases):
        paths.append(pathlib.Path(folder, "bad%d" % number))
        paths[-1].write_bytes(data)
    _, output = run(program, *paths)
    answers = output.splitlines()
    for number, (name, _, error) in enumerate(cases):
        answer = answers[number] if number < len(answers) else output[-2000:]
        tap.test("refused: " + name, answer.startswith("%d " % error), answer)


def test_damage(tap, program, folder, good):
    """Random bytes with a checksum that fits: an answer, and no bad access."""
    dice = random.Random(1)
    paths = []
    for number in range(FILES):
        data = bytearray(good)
        for _ in range(dice.choice((1, 2, 8))):
            area = dice.choice((72, binary.HEADER.size, len(data)))
            data[dice.randrange(8, area)] = dice.randrange(256)
        paths.append(pathlib.Path(folder, "damaged%d" % number))
        paths[-1].write_bytes(sealed(bytes(data)))
    _, output = run(program, *paths)
    answers = [line.split(" ")[0] for line in output.splitlines()]
    tap.test("%d damaged files are read or refused" % FILES,
             len(answers) == FILES and set(answers) <= set(
                 str(-error) for error in range(7)), output[-2000:])


def small_trace(folder):
    """The first 900 events of a recording, in binary."""
    lines = lzma.open(TRACES / "rg-mmap.trace.xz").read().splitlines(True)[:912]
    lines[2] = b"# entries-in-buffer/entries-written: 900/900   #P:2\n"
    path = pathlib.Path(folder, "small.trace")
    path.write_bytes(b"".join(lines))
    return binary.encode(counts.Reading(str(path)), "small")


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        program = build(tap, folder)
        if program:
            test_round_trip(tap, program, folder)
            good = small_trace(folder)
            test_bad_files(tap, program, folder, good)
            test_damage(tap, program, folder, good)
    tap.end()


if __name__ == "__main__":
    main()
