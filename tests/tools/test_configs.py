#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each option of config.h compiles both ways, and each header alone.

The unity build is compiled once per configuration, against port/template; each
public header by itself as C11 and as C++11.
"""
from harness import ROOT, Tap, run

FLAGS = ["-Wall", "-Wextra", "-Werror", "-Wundef", "-ffreestanding",
         "-Iinclude", "-Iport/template", "-fsyntax-only"]

CONFIGS = [
    "", "LANES_PER_LINE=1", "NCPU_MAX=1", "NCPU_MAX=256", "NCPU_MAX=4096",
    "NCPU_MAX=4096 LANES_PER_LINE=1", "PORT_LEVEL=0", "PORT_LEVEL=1", "PORT_LEVEL=2",
    "PORT_LEVEL=3", "STATS=0", "ASSERTS=0", "PORT_NEAR=1", "PORT_REMOTE=1",
    "LINE_BYTES=128", "CALL_SLOTS=2", "CALL_SLOTS=64", "EVENT_MAX=1024",
    "SPACE_RANGES=64", "EVENT_GEN_BITS=2 SEQ_BITS=4",
]


def main():
    tap = Tap()
    for config in CONFIGS:
        defines = [f"-DXCPU_{word}" for word in config.split()]
        status, output = run("gcc", "-std=gnu11", *FLAGS, *defines,
                             "src/xcpu_all.c", cwd=ROOT)
        tap.test(f"configuration: {config or 'as it comes'}", status == 0, output)
    status, output = run("gcc", "-std=gnu11", *FLAGS, "-DXCPU_NCPU_MAX=4097",
                         "src/xcpu_all.c", cwd=ROOT)
    tap.test("configuration: NCPU_MAX=4097 is refused with a sentence",
             status != 0 and "1 to 4096 CPUs" in output, output)

    for header in sorted((ROOT / "include" / "xcpu").glob("*.h")):
        for compiler, language in (("gcc", "c"), ("clang", "c++")):
            standard = "gnu11" if language == "c" else "c++11"
            status, output = run(compiler, "-x", language, "-std=" + standard,
                                 *FLAGS, header.relative_to(ROOT), cwd=ROOT)
            tap.test(f"{header.name} alone as {standard}", status == 0, output)
    tap.end()


if __name__ == "__main__":
    main()
