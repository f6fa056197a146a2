# SPDX-License-Identifier: BSD-2-Clause
"""An architecture is its folder: what all of them share names none.

The kernel finds architectures by the folders of kernel/arch/, so a further one
is added by a folder (and by its compiler, in the Makefile).
"""
import re

ARCH_FOLDER = re.compile(r"kernel/arch/(\w+)/")
MACRO = re.compile(r"\b(__(?:x86_64|amd64|i386|aarch64|arm|riscv|powerpc|s390x)\w*)\b")
C_FOLDERS = ("src", "include", "kernel", "work", "selftest")
# Run, build or boot whichever there is.
SCRIPTS = ("kernel/rules.mk", "kernel/machines.py", "tools/run-qemu")


def check(tree):
    for source in tree.c_files(*C_FOLDERS):
        if not ARCH_FOLDER.match(source.path):
            yield from found(source, MACRO, source.uncommented)
    names = {m[1] for s in tree.sources if (m := ARCH_FOLDER.match(s.path))}
    if not names:
        return
    name = re.compile(r"\b(" + "|".join(sorted(names)) + r")\b")
    for source in tree.sources:
        if source.path in SCRIPTS:
            yield from found(source, name, re.sub(r"#.*", "", source.text))


def found(source, pattern, text):
    for number, line in enumerate(text.split("\n"), 1):
        if match := pattern.search(line):
            yield (source.path, number, f"names the architecture {match[1]} (ask "
                   "for what differs: in arch.h, rules.mk or qemu.py of "
                   "kernel/arch/ARCH, or by an option of config.h)")
