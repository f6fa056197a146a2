#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Objects for each architecture, by each compiler, at each level of optimization.

src/, the port of the architecture, and all of the kernel but its workloads are
compiled, as the kernel is but for the level, and no warning passes: some come
only from one compiler at one level.  What src/ and the port then ask of others
must be hooks of port.h, what the kernel's own xcpu_port.h calls, and functions
on memory.  With -flto objects are made into one first, where the compiler
sees all files at once, and only then gives some of its warnings.  Prints TAP,
a line for each combination.
"""
import argparse
import re
import sys
import tempfile

import run

sys.path.insert(0, str(run.ROOT / "tools"))

import libsyms		# noqa: E402 (needs the line above)

LEVELS = ("-O0", "-O2", "-Os", "-O3 -flto")
# Besides those that every configuration of the library wants.
OPTIONAL_HOOKS = {"xcpu_port_tlb_remote"}


class Build:
    """One architecture and one compiler."""

    def __init__(self, text):
        self.arch, self.port, command = text.split("|")
        self.command = command.split()
        self.is_clang = "clang" in self.command[0]
        self.name = f"{self.arch} {'clang' if self.is_clang else 'gcc'}"

    def library(self):
        return ["src/xcpu_all.c", *files(f"port/{self.port}/*.c")]

    def kernel(self):
        return files("kernel/*.c") + files(f"kernel/arch/{self.arch}/*.[cS]")

    def may_want(self):
        inline_half = run.ROOT / f"kernel/arch/{self.arch}/xcpu_port.h"
        calls = re.findall(r"(\w+)\(", inline_half.read_text())
        return run.MEMORY | libsyms.documented() | OPTIONAL_HOOKS | set(calls)


def files(pattern):
    found = sorted(str(path.relative_to(run.ROOT)) for path in run.ROOT.glob(pattern))
    if not found:
        raise run.Problem(f"there is no {pattern}")
    return found


def compiled(command, paths, folder):
    objects = []
    for path in paths:
        objects.append(f"{folder}/{path.replace('/', '-')}.o")
        run.compile_ok(*command, "-c", path, "-o", objects[-1])
    return objects


def linked(build, command, objects):
    """One object with machine code, of several with what the compiler knew."""
    whole = objects[0] + ".whole"
    plain = [] if build.is_clang else ["-flinker-output=nolto-rel"]
    run.compile_ok(*command, *plain, "-r", "-nostdlib", *objects, "-o", whole)
    return [whole]


def combination(build, level):
    command = build.command + level.split()
    with tempfile.TemporaryDirectory() as folder:
        library = compiled(command, build.library(), folder)
        kernel = compiled(command, build.kernel(), folder)
        if "-flto" in command:
            library = linked(build, command, library)
            linked(build, command, kernel)
        strangers = run.symbols(library)[1] - build.may_want()
    if strangers:
        raise run.Problem("src/ and the port want " + " ".join(sorted(strangers)))


def checked(build, level):
    try:
        combination(build, level)
    except run.Problem as problem:
        again = f'make objects ONLY="{build.name} {level}"'
        raise run.Problem(f"again: {again}\n{problem}") from None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", action="append", required=True, type=Build,
                        metavar="'ARCH|PORT|COMPILER FLAGS'",
                        help="one more architecture and compiler; `make objects` says them")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="only combinations whose name has this in it")
    options = parser.parse_args()
    chosen = [(f"{build.name} {level}", checked, (build, level))
              for build in options.build for level in LEVELS]
    return run.report([check for check in chosen if options.only in check[0]])


if __name__ == "__main__":
    sys.exit(main())
