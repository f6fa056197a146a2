#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compile what nobody's build happens to compile.

Every public header alone, as freestanding C11 and as C++11; src/ with every
combination of the options that change code, and with each other option, and all
of them, at both ends of its range; each level of port/template, which must be
all that the library then asks for; the instructions that a port's unit test
replaces. Prints TAP.
"""
import argparse
import concurrent.futures
import itertools
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "port/template"
UNITY = ROOT / "src/xcpu_all.c"		# includes each of the others
INCLUDE = ["-I", str(ROOT / "include"), "-I", str(TEMPLATE)]
WARN = ["-Wall", "-Wextra", "-Werror", "-Wundef"]
C = ["-std=gnu11", "-ffreestanding", "-fno-pie", "-fno-stack-protector", *WARN,
     "-Wvla", "-Wstrict-prototypes", "-Wmissing-prototypes", *INCLUDE]
if platform.machine() == "aarch64":
    C.append("-mno-outline-atomics")
AT_A_TIME = 2

ARM = ["--target=aarch64-linux-gnu", "-mstrict-align"]
ARM_PORT = ROOT / "port/aarch64-gic"

# A compiler may call these on its own, whatever the source says.
MEMORY = {"memcpy", "memmove", "memset", "memcmp"}
LEVEL0_LINES = 30

NCPU, LANES, LEVEL, STATS = (1, 64, 65, 256, 4096), (1, 8), range(5), range(3)

# The other options of config.h, at the ends of what they allow.
ENDS = {
    "XCPU_LINE_BYTES": (64, 256),
    "XCPU_CALL_SLOTS": (2, 64),
    "XCPU_EVENT_MAX": (64, 1024),
    "XCPU_EVENT_GEN_BITS": (2, 20),
    "XCPU_SEQ_BITS": (4, 24),
    "XCPU_SPACE_RANGES": (2, 64),
    "XCPU_FLUSH_CEILING": (0, 4096),
    "XCPU_DRAIN_BUDGET": (1, 1000000),
    "XCPU_NOTIFIERS": (0, 64),
    "XCPU_FLUSH_KICK": (0, 1),
    "XCPU_REKICK_NS": (1, 4000000000),
    "XCPU_STALL_NS": (1, 4000000000),
    "XCPU_PORT_REMOTE": (0, 1),
    "XCPU_PORT_EARLY": (0, 1),
    "XCPU_PORT_NEAR": (0, 1),
    "XCPU_ASSERTS": (0, 1),
}

# Beyond them, the compiler must say so in config.h's own words.
REFUSED = {
    "XCPU_NCPU_MAX": (0, 4097),
    "XCPU_LANES_PER_LINE": (2, 16),
    "XCPU_LINE_BYTES": (32, 96),
    "XCPU_CALL_SLOTS": (1, 65),
    "XCPU_EVENT_MAX": (32, 1088),
    "XCPU_EVENT_GEN_BITS": (1, 21),
    "XCPU_SEQ_BITS": (3, 25),
    "XCPU_SPACE_RANGES": (1, 3),
    "XCPU_DRAIN_BUDGET": (0,),
    "XCPU_NOTIFIERS": (-1, 65),
    "XCPU_PORT_LEVEL": (5,),
}


class Problem(Exception):
    """A check that failed; the text says how."""


def run(*command, text=None):
    done = subprocess.run(command, input=text, text=True, cwd=ROOT, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def compile_ok(*command, text=None):
    status, output = run(*command, text=text)
    if status:
        raise Problem(" ".join(command) + "\n" + output)


def define(**options):
    return [f"-D{name}={value}" for name, value in options.items()]


def options_of(ncpu, lanes, level, stats):
    return define(XCPU_NCPU_MAX=ncpu, XCPU_LANES_PER_LINE=lanes,
                  XCPU_PORT_LEVEL=level, XCPU_STATS=stats)


def sources():
    return sorted(path for path in (ROOT / "src").glob("*.c")
                  if path != UNITY)


def header_alone(name):
    """Compiles by itself, for the smallest and the largest machine."""
    text = f"#include <xcpu/{name}>\n"
    for ncpu in (NCPU[0], NCPU[-1]):
        flags = [*WARN, *INCLUDE, f"-DXCPU_NCPU_MAX={ncpu}", "-fsyntax-only"]
        for compiler in ("gcc", "clang"):
            compile_ok(compiler, "-std=c11", "-ffreestanding", *flags,
                       "-x", "c", "-", text=text)
        for compiler in ("g++", "clang++"):
            compile_ok(compiler, "-std=c++11", *flags, "-x", "c++", "-",
                       text=text)


def every_combination(level):
    """By clang, which sees unused functions without generating code."""
    for ncpu, lanes, stats in itertools.product(NCPU, LANES, STATS):
        compile_ok("clang", *C, *options_of(ncpu, lanes, level, stats),
                   "-fsyntax-only", "src/xcpu_all.c")


def symbols(files):
    """(defined, undefined) of some objects, taken as one."""
    defined, wanted = set(), set()
    status, listing = run("nm", *files)
    if status:
        raise Problem(listing)
    for words in map(str.split, listing.splitlines()):
        if len(words) >= 2 and words[-2] in "Uw":
            wanted.add(words[-1])
        elif len(words) == 3:
            defined.add(words[-1])
    return defined, wanted - defined


def builds_and_links(cc, optimizing, options, files):
    """These of src/, and with the template nothing is missing."""
    files = [str(path) for path in files] + [str(TEMPLATE / "xcpu_port.c")]
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for path in files:
            objects.append(f"{folder}/{pathlib.Path(path).stem}.o")
            compile_ok(cc, *C, optimizing, *options, "-c", path, "-o", objects[-1])
        missing = symbols(objects)[1] - MEMORY
    if missing:
        raise Problem(f"{' '.join(options)}: wants " + " ".join(sorted(missing)))


def selftest_names():
    """The self-test is linked into kernels, beside names of their own."""
    files = sorted((ROOT / "selftest").glob("*.c"))
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for path in files:
            objects.append(f"{folder}/{path.stem}.o")
            compile_ok("gcc", *C, "-c", str(path), "-o", objects[-1])
        status, listing = run("nm", "-gj", "--defined-only", *objects)
    names = re.findall(r"^\w+$", listing, re.MULTILINE)
    clashing = [name for name in names if not name.startswith(("selftest_", "xcpu_"))]
    if status or not names or clashing:
        raise Problem("neither selftest_ nor xcpu_: " + " ".join(clashing))


def both_ends(name):
    for value in ENDS[name]:
        for compiler in ("gcc", "clang"):
            compile_ok(compiler, *C, *define(**{name: value}), "-fsyntax-only",
                       str(UNITY))


def all_at_an_end(end):
    """With what only an optimizer sees."""
    values = {name: ends[end] for name, ends in ENDS.items()}
    compile_ok("gcc", *C, "-O2", *define(**values), "-S", "-o", os.devnull,
               str(UNITY))


def is_refused(name):
    for value in REFUSED[name]:
        status, output = run("gcc", *C, *define(**{name: value}), "-x", "c",
                             "-fsyntax-only", "include/xcpu/config.h")
        if not status or f'"{name}: ' not in output:
            raise Problem(f"{name}={value} gave status {status} and:\n{output}")


def level0_is_short():
    """The code between the marks; blank lines and comments do not count."""
    count = 0
    for name in ("xcpu_port.h", "xcpu_port.c"):
        text = (TEMPLATE / name).read_text()
        if not (match := re.search(r"level 0 begins.*?\*/(.*)/\* -+ level 0 ends",
                                   text, re.DOTALL)):
            raise Problem(f"{name}: no marks around level 0")
        code = re.sub(r"/\*.*?\*/", "", match[1], flags=re.DOTALL)
        count += sum(bool(line.strip()) for line in code.splitlines())
    if not 0 < count <= LEVEL0_LINES:
        raise Problem(f"{count} lines, not 1 to {LEVEL0_LINES}")


def arm_waits(name, wanted):
    """These barriers, and no DMB: an SGI by system register and a TLBI heed none."""
    status, text = run("clang", *C, *ARM, "-O2", "-I", str(ARM_PORT), "-S", "-o",
                       "-", str(ARM_PORT / name))
    code = " ".join(text.split())
    missing = [barrier for barrier in wanted if barrier not in code]
    if status or missing or "dmb" in code:
        raise Problem(f"without {missing}, or with a DMB:\n{text}")


def pairs():
    """25 of the 150 combinations, with every pair of values in one of them."""
    for (i, ncpu), level in itertools.product(enumerate(NCPU), LEVEL):
        yield (ncpu, LANES[(i + level) % 2], level, STATS[(2 * i + level) % 3])


def checks(cc):
    """(name in TAP, function, arguments) of each check."""
    for path in sorted((ROOT / "include/xcpu").glob("*.h")):
        yield f"header_{path.stem}_alone", header_alone, (path.name,)
    for level in LEVEL:
        yield f"every_combination_at_level_{level}", every_combination, (level,)
    for ncpu, lanes, level, stats in pairs():
        yield (f"build_ncpu{ncpu}_lanes{lanes}_level{level}_stats{stats}",
               builds_and_links,
               (cc, "-O1", options_of(ncpu, lanes, level, stats), [UNITY]))
    for level in LEVEL:
        yield (f"build_each_file_level{level}", builds_and_links,
               (cc, "-O2", define(XCPU_PORT_LEVEL=level), sources()))
    for name in ENDS:
        yield f"ends_of_{name}", both_ends, (name,)
    for end, name in enumerate(("low", "high")):
        yield f"all_at_their_{name}_end", all_at_an_end, (end,)
    for name in REFUSED:
        yield f"refused_{name}", is_refused, (name,)
    yield ("arm_sgis_wait_for_stores # BUG-21", arm_waits,
           ("gic.c", ("dsb ishst",)))
    yield ("arm_tlbis_are_waited_for # BUG-29", arm_waits,
           ("tlbi.c", ("dsb nsh", "dsb ish")))
    yield "selftest_names_begin_with_its_own", selftest_names, ()
    yield "template_level_0_is_at_most_30_lines", level0_is_short, ()


def outcome(function, arguments):
    try:
        function(*arguments)
        return None
    except Problem as problem:
        return str(problem)


def report(chosen):
    """Runs checks, some at a time, and prints them in their order."""
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        results = pool.map(lambda check: outcome(*check[1:]), chosen)
        for number, (check, problem) in enumerate(zip(chosen, results), 1):
            failed += problem is not None
            print(f"{'not ' if problem else ''}ok {number} - {check[0]}", flush=True)
            for line in (problem or "").splitlines()[:20]:
                print(f"# {line}")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cc", default="gcc",
                        help="compiler of the full builds (default gcc)")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="only checks whose name has this in it")
    options = parser.parse_args()
    missing = [tool for tool in (options.cc, "gcc", "g++", "clang", "clang++", "nm")
               if not shutil.which(tool)]
    if missing:
        print("compile: install " + " ".join(missing), file=sys.stderr)
        return 2

    chosen = [check for check in checks(options.cc) if options.only in check[0]]
    return report(chosen)


if __name__ == "__main__":
    sys.exit(main())
