#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tools/run-qemu builds QEMU's command and understands how QEMU ended."""
import os
import sys

from harness import TOOLS, Tap, run, tree

# A QEMU that prints its arguments and ends as the kernel's words tell it.
FAKE = """#!/bin/sh
echo "args: $*"
case "$*" in
*end=hang*) exec sleep 20 ;;
*end=*) code=${*##*end=}; exit "${code%% *}" ;;
esac
exit 33
"""
X86_64 = 62


def elf(machine):
    """The start of an ELF file for that architecture, as text."""
    return "\x7fELF" + 14 * "\0" + chr(machine & 0x7f) + chr(machine >> 8)


def main():
    tap = Tap()
    with tree({"bin/qemu-system-x86_64": FAKE, "kernel.elf": elf(X86_64),
               "alien.elf": elf(0x123), "t.bin": ""}) as folder:
        os.chmod(f"{folder}/bin/qemu-system-x86_64", 0o755)
        env = dict(os.environ, PATH=f"{folder}/bin:" + os.environ["PATH"])

        def boot(*words):
            return run("python3", TOOLS / "run-qemu", "--kernel",
                       f"{folder}/kernel.elf", *words, env=env)

        status, output = boot("--", "seed=3")
        tap.test("run-qemu: four CPUs are run in both modes", status == 0
                 and output.count("args: ") == 2
                 and "-append seed=3 mode=single" in output
                 and "-accel tcg,thread=multi" in output
                 and "-smp 4 -m 128" in output, output)
        status, output = boot("--cpus", "64", "--module", f"{folder}/t.bin")
        tap.test("run-qemu: more CPUs in one mode, with more memory", status == 0
                 and output.count("args: ") == 1 and "-smp 64 -m 256" in output
                 and f"-initrd {folder}/t.bin" in output, output)
        status, output = boot("--", "mode=multi")
        tap.test("run-qemu: the mode that was asked for", status == 0
                 and output.count("args: ") == 1 and "thread=multi" in output, output)
        status, output = boot("--iso", f"{folder}/t.bin", "--firmware",
                              f"{folder}/t.bin", "--", "mode=single")
        tap.test("run-qemu: a disc in the place of the kernel", status == 0
                 and f"-bios {folder}/t.bin -cdrom {folder}/t.bin" in output
                 and "-kernel" not in output, output)
        for code, word in (("7", "failed with code 3"), ("0", "reset itself"),
                           ("1", "QEMU could not run it")):
            status, output = boot("--", "mode=single", "end=" + code)
            tap.test(f"run-qemu: QEMU's exit code {code}", status == 1
                     and word in output and "to repeat it: python3" in output, output)
        status, output = boot("--timeout", "0.5", "--", "mode=single", "end=hang")
        tap.test("run-qemu: no end", status == 124
                 and "no end after 0.5 s" in output, output)
        for what, words in (("256 CPUs", ["--cpus", "256"]),
                            ("an unknown mode", ["--", "mode=fast"]),
                            ("a word without a value", ["--", "seed"]),
                            ("an unknown architecture",
                             ["--kernel", f"{folder}/alien.elf"]),
                            ("what is no kernel",
                             ["--kernel", f"{folder}/t.bin"]),
                            ("a module that is not there", ["--module", "none"])):
            status, output = boot(*words)
            tap.test(f"run-qemu: {what} is an error", status == 2
                     and "args: " not in output, output)
        status, output = run(sys.executable, TOOLS / "run-qemu", "--kernel",
                             f"{folder}/kernel.elf", env={"PATH": folder})
        tap.test("run-qemu: no QEMU", status == 3
                 and "install qemu-system-x86" in output, output)
    tap.end()


if __name__ == "__main__":
    main()
