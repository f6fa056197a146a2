# SPDX-License-Identifier: BSD-2-Clause
"""Symbols of libxcpu.a: no globals, and nothing wanted but the documented."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import libsyms		# noqa: E402 (needs the line above)

# A compiler may call these four on its own, whatever the source says.
MEMORY = {"memcpy", "memmove", "memset", "memcmp"}


def check(path):
    symbols = libsyms.Symbols([path])
    for where, name in symbols.writable:
        yield (path, 1, f"{where} has the global {name} (all state hangs off "
               "the domain: move it there)")
    for name in sorted(symbols.undefined - libsyms.documented() - MEMORY):
        yield (path, 1, f"wants {name} (use a hook of port.h, and list it in "
               "tools/lib-undefined.txt)")
