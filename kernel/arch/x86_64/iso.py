#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boot the kernel from a disc, through GRUB, by BIOS and by UEFI; print TAP."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
UEFI = "/usr/share/ovmf/OVMF.fd"
SHOW_LINES = 30		# of a failing run's output

# Name, firmware, CPUs, is the recording on the disc too, words, what must show.
CASES = [
    ("bios", None, 4, False, "work=selftest", r"^ok \d+ - dead_led"),
    ("uefi", UEFI, 8, False, "work=storm ops=500", r"stale reads 0: PASS"),
    ("bios_module", None, 2, True, "work=replay place=recorded order=strict",
     r"stale reads 0: PASS"),
]


def tool(name, *words):
    done = subprocess.run([sys.executable, ROOT / "tools" / name, *words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    return done.returncode, done.stdout


def boot(options, case, folder):
    """(what is wrong, or None; the output)"""
    _, firmware, cpus, module, words, pattern = case
    iso = str(pathlib.Path(folder, "kernel.iso"))
    status, output = tool("iso", "--kernel", options.kernel, "--out", iso,
                          *(["--module", options.module] if module else []),
                          *words.split())
    if status != 0:
        return f"tools/iso: exit status {status}", output
    status, output = tool("run-qemu", "--kernel", options.kernel,
                          "--iso", iso, "--cpus", str(cpus),
                          *(["--firmware", firmware] if firmware else []),
                          "--memory", "256", "--", "mode=single")
    if status != 0:
        return f"exit status {status}", output
    if not re.search(pattern, output, re.MULTILINE):
        return f"nothing like {pattern!r}", output
    return None, output


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kernel", help="the ELF file")
    parser.add_argument("module", help="a recording, as the kernel reads it")
    options = parser.parse_args()
    failed = 0
    print(f"1..{len(CASES)}", flush=True)
    for n, case in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as folder:
            wrong, output = boot(options, case, folder)
        failed += wrong is not None
        print(f"{'not ok' if wrong else 'ok'} {n} - iso_{case[0]}", flush=True)
        if wrong:
            print(f"# {wrong}")
            for line in output.splitlines()[-SHOW_LINES:]:
                print("#   " + line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
