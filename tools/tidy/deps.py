# SPDX-License-Identifier: BSD-2-Clause
"""Includes: tests, kernel -> include <- src -> port.h <- port, and no other way.

An engine (explore/, sim/) knows the library from outside; only what it runs
may test a function of src/ by itself.
"""
import posixpath
import re

INCLUDE = re.compile(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+"|\w+)', re.MULTILINE)
STANDARD = {"<stdint.h>", "<stddef.h>", "<stdbool.h>"}
UNITY = "src/xcpu_all.c"
# What a host supplies, each asked for at one place.
HOST_HEADERS = {("include/xcpu/port.h", "xcpu_port.h"),
                ("include/xcpu/config.h", "XCPU_CONFIG_FILE"),
                ("include/xcpu/atomic.h", "XCPU_ATOMIC_HEADER")}
ENGINES = ("explore", "sim")
ENGINE_BASE = "port/sim"
RUN_BY_ENGINES = ("explore/programs", "sim/scenarios")
FREESTANDING = STANDARD | {"<stdarg.h>"}


def includes(source):
    for match in INCLUDE.finditer(source.uncommented):
        yield source.line_of(match.start(1)), match[1]


def check_includes(tree):
    paths = {source.path for source in tree.sources}
    for source in tree.c_files("src", "include"):
        if source.path != UNITY:
            yield from library_includes(source, paths)
    for source in tree.c_files("selftest", "work"):
        yield from portable_includes(source, paths)
    for source in tree.c_files(*ENGINES, ENGINE_BASE):
        yield from engine_includes(source)


def library_includes(source, paths):
    for line, what in includes(source):
        name = what.strip('<>"')
        if what in STANDARD or what.startswith("<xcpu/"):
            continue
        if (source.path, name) in HOST_HEADERS:
            continue
        if what[0] == '"' and source.under("src") and f"src/{name}" in paths \
                and name.endswith(".h"):
            continue
        yield (source.path, line, f"includes {what} (src/ and include/ know only "
               "<xcpu/...>, headers of src/, stdint, stddef, stdbool)")


def portable_includes(source, paths):
    """selftest/ and work/ run in any world, so they name none."""
    folder = source.path.rsplit("/", 1)[0]
    for line, what in includes(source):
        name = what.strip('<>"')
        if what in FREESTANDING or what.startswith(("<xcpu/", "<selftest/", "<work/")):
            continue
        places = {f"{folder}/{name}", f"selftest/{name}", f"work/{name}", name}
        known = {p for p in places if p.startswith(("selftest/", "work/"))}
        if what[0] == '"' and known & paths:
            continue
        yield (source.path, line, f"includes {what} (this folder knows no port and "
               "no libc: <xcpu/...>, its own headers, stdint, stddef, stdbool)")


def engine_includes(source):
    """Theirs are libc, <xcpu/...>, their own room, and port/sim."""
    folder = posixpath.dirname(source.path)
    room = next((e for e in ENGINES if source.under(e)), ENGINE_BASE)
    for line, what in includes(source):
        if what[0] != '"':
            continue
        place = posixpath.normpath(f"{folder}/{what.strip(chr(34))}")
        other = next((e for e in (*ENGINES, "src") if place.startswith(e + "/")), room)
        if other == room or (other == "src" and source.under(*RUN_BY_ENGINES)):
            continue
        yield (source.path, line, f"includes {what} (an engine knows libc, "
               "<xcpu/...>, its own room and port/sim; src/ only for what it runs)")


def check_unity(tree):
    sources = [s for s in tree.c_files("src") if s.suffix == "c"]
    unity = next((s for s in sources if s.path == UNITY), None)
    names = {s.path.removeprefix("src/") for s in sources} - {"xcpu_all.c"}
    if not unity:
        if names:
            yield UNITY, 1, "is not there (include every file of src/ in it)"
        return
    included = [what.strip('"') for _, what in includes(unity)]
    for name in sorted(names - set(included)):
        yield UNITY, 1, f'lacks {name} (add: #include "{name}")'
    for line, what in includes(unity):
        if what.strip('"') not in names:
            yield UNITY, line, f"includes {what}, which src/ has not (delete it)"
