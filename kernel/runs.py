#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Boot the kernel with different words and numbers of CPUs; print TAP.

A run is right when run-qemu ends with the expected status and the console
shows what it must.  Back ends and numbers of CPUs are machines.py's.
"""
import argparse
import pathlib
import re
import subprocess
import sys

SHOW_LINES = 40		# of a failing run's output
LIMIT_SECONDS = 240	# of a run: for hangs, on a host that is busy with others

# All that was sent came; at saturation hardly anybody is kicked.
FLOOD = r"saturation( +[\d,]+){2} +1?\d .* (\d+) sent, \2 came\n.*PASS"
SYNC = r"[1-9][\d,]* rendezvous in.*[1-9][\d,]* stops in.*PASS"

# NMIs too, where there are any.
LOST = r"PASS.*faults: [1-9]\d* kicks and \d+ NMIs lost"

# The self-test is run once here; machines.py has it on other numbers of CPUs.
NO_SELFTEST = r"\A(?!.*selftest).*PASS"

# Name, ids, CPUs, words (mode=single unless they say otherwise; those with a
# dash are run-qemu's), exit status, what the console must match; and the
# architectures, where it is not all.
TLB = ("aarch64", "riscv64")	# ASIDs, and flushes of others without a kick
CASES = [
    ("detector", "F-X4 F-P12", 4, "work=detector", 0, "user page.*seen\n.*kernel "
     "page.*seen\n"),
    ("storms_1_cpu", "F-B27", 1, "ops=1000", 0, "PASS"),
    ("storms_2_cpus", "F-B3 F-T4 F-B27", 2, "ops=2000", 0,
     "selftest.*PASS"),
    ("storms_8_cpus", "F-B1 F-T4 F-B23 F-B27", 8, "ops=1000 selftest=off",
     0, NO_SELFTEST),
    ("storms_64_cpus", "F-B1 F-T4 F-B23", 64, "ops=100 selftest=off", 0,
     "PASS"),
    ("messages_flood", "F-D1 F-B25 INV-Q1 INV-Q2", 8, "work=messages "
     "ops=300000", 0, FLOOD),
    ("sync_8_cpus", "F-B18 F-B19 F-B20 INV-R1 INV-R5 INV-R8 INV-C12", 8,
     "work=sync ops=10000", 0, SYNC),
    ("sync_64_cpus", "F-B18 F-B19 F-B20 INV-R1 INV-R5 INV-R8 INV-C12", 64,
     "work=sync ops=1000", 0, SYNC),
    ("sync_multi", "F-B18 F-B19 INV-R1 INV-R5", 2, "work=sync seconds=3 "
     "mode=multi", 0, SYNC),
    ("cpus_off_and_on", "F-B20", 4, "work=storm off=2 ops=500", 0,
     r"each other CPU was off 2 times\n.*PASS"),
    ("seed_2", "", 4, "ops=1000 seed=2 selftest=off", 0, "PASS"),
    ("kicks_lost", "F-P1", 4, "ops=5000 faults=drop", 0,
     LOST),
    ("cpu_stuck", "F-P1", 4, "ops=3000 faults=stuck seed=3 tlb=kick", 0,
     r"CPU (\d) is stuck.*REPORT stall: CPU \d has waited \d+ ms for CPU "
     r"[\d ]*\b\1\b.*CPU \1 goes on.*PASS"),
    ("all_deaf", "F-P1 F-X13", 4, "work=storm faults=deaf", 1,
     r"REPORT stall: CPU \d has waited.*panic: .*\n *cpu 3:"),
    ("tlb_broadcast_multi", "F-B11", 4, "work=storm ops=500 tlb=broadcast "
     "mode=multi", 0, "PASS", TLB),
    ("boot_hart_2", "F-B22", 4, "--boot-hart=2 off=1 ops=200", 0,
     "was off 1 times\n.*PASS", ("riscv64",)),
    ("sbi_alone", "F-B11", 4, "--cpu=rv64,sstc=off,svinval=off work=storm "
     "ops=1000", 0, "kicks by SBI, timer by SBI\n.*PASS", ("riscv64",)),
    ("tlb_broadcast_of_none", "F-B11", 1, "tlb=broadcast", 1, "no such thing",
     ("x86_64",)),
    ("asids_few", "F-B10", 4, "work=storm ops=1000 asids=6", 0, "PASS", TLB),
    ("asids_none", "F-B10", 4, "work=storm ops=1000 asids=0", 0, "PASS", TLB),
    ("unknown_key", "", 1, "colour=red", 1, "is not a key"),
    ("unknown_work", "", 1, "work=play", 1, "not a value"),
]
# The storm in every mode; four CPUs are work/modes.py's.  The modes are of the
# library, not of an architecture: the others see them once.
CASES += [("storm_%s_%d_cpus" % (form, cpus), "F-B7 F-B8 F-B9 F-B12 F-P7", cpus,
           "work=storm form=%s ops=%d" % (form, 100 if cpus == 64 else 500), 0,
           r"form %s.*PASS" % form) + (() if cpus == 8 else (("x86_64",),))
          for form in ("gather", "async", "defer") for cpus in (1, 2, 8, 64)]
CASES += [("storm_defer_multi", "F-B8 F-B12", 2, "work=storm form=defer "
           "seconds=3 mode=multi", 0, "form defer.*PASS"),
          ("form_all_of_a_storm", "", 1, "work=storm form=all", 1,
           "form=all is for work=replay")]


def complaint(kernel, case):
    """(what is wrong, or None; the output)."""
    _, _, cpus, words, status, pattern = case[:6]
    if "mode=" not in words:
        words += " mode=single"
    options = [word for word in words.split() if word.startswith("-")]
    words = [word for word in words.split() if not word.startswith("-")]
    done = subprocess.run(
        [sys.executable, "tools/run-qemu", "--kernel", kernel, "--cpus",
         str(cpus), "--timeout", str(LIMIT_SECONDS), *options, "--", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    if done.returncode != status:
        return f"exit status {done.returncode}, not {status}", done.stdout
    if not re.search(pattern, done.stdout, re.DOTALL):
        return f"nothing like {pattern!r}", done.stdout
    return None, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kernel", help="the ELF file")
    parser.add_argument("names", nargs="*", help="of runs; default: all")
    options = parser.parse_args()

    arch = pathlib.Path(options.kernel).stem.split("-")[-1]
    cases = [c for c in CASES if (not options.names or c[0] in options.names)
             and (len(c) == 6 or arch in c[6])]
    failed = 0
    print(f"1..{len(cases)}", flush=True)
    for number, case in enumerate(cases, 1):
        wrong, output = complaint(options.kernel, case)
        failed += wrong is not None
        print(f"{'not ' if wrong else ''}ok {number} - kernel_{arch}_{case[0]}"
              + (f" # {case[1]}" if case[1] else ""), flush=True)
        if wrong:
            print(f"# {case[2]} CPUs, {case[3]}: {wrong}")
            for line in output.splitlines()[-SHOW_LINES:]:
                print(f"#   {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
