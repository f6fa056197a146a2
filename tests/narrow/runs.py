#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run a program that is built with narrow counters, long enough that they wrap.

Arguments: which of the lists below, and the program.  Prints TAP.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import libproc		# noqa: E402 (needs the line above)
import libtap		# noqa: E402

RUN_SECONDS = 240	# for hangs, on a host that is busy with others
SHOW_LINES = 40		# of a failing run's output
SEQUENCE = 256		# values of XCPU_SEQ_BITS in rules.mk
WRAPS = 4		# times that each CPU's sequence must come round, at least

THREADS = [("selftest", "work=selftest cpus=4"),
           ("storms of 2 CPUs", "cpus=2 ops=5000 selftest=off"),
           ("storms of 8 CPUs", "cpus=8 ops=10000 selftest=off"),
           ("storms with lost kicks", "cpus=2 ops=3000 faults=drop:20")]
# Those whose operations come twice, or read what an earlier one has left.
EXPLORE = [(what, f"--bound 0 --limit 20000 run {programs}")
           for what, programs in (
               ("calls in turn", "call-twice call-carrier-twice"),
               ("deadlines in turn", "deadline-then-call deadline-twice "
                "deadline-carrier-twice"),
               ("events in turn", "register-reuse register-post "
                "unregister-post"),
               ("ranges", "range-read range-write lazy-behind "
                "lazy-kernel-behind"),
               ("ASIDs", "asid-kept asid-out-and-back asid-lazy asid-top "
                "asid-broadcast asid-broadcast-top"),
               ("generations", "top-then-one top-load top-lazy top-both "
                "top-join top-old-number top-ranges"),
               ("late shootdowns", "async-twice async-load async-merge "
                "async-callback async-top defer-pass defer-load "
                "batch-flush batch-full notifier-late"),
               ("rendezvous in turn", "sync-wrap sync-twice sync-turns"))]
SIM = [("seeds without faults", "--seed 1..100 --quiet"),
       ("seeds with faults", "--seed 101..300 --faults all --quiet"),
       ("a poll whose budget ends where a function has let go of its ring",
        "--scenario storm --seed 1795341095360 --inject nmi@369 --whole"),
       ("late shootdowns",
        "--scenario late --seed 1..300 --faults all --quiet"),
       # Long, or the numbers of a space begin again too rarely.
       *((f"ASIDs, {tlb}", f"--tlb {tlb} --scenario memory --ops 60 "
          "--seed 1..400 --faults walk,nmi,unplug --quiet") for tlb in (
              "own", "tagged", "split", "global", "broadcast", "flaky",
              "guest"))]


def threads_complaint(words, output):
    """Why a run on threads is not what it should be, or None."""
    if words.startswith("work=selftest"):
        report = libtap.Report(output)
        return report.fault() or (None if any(r.passed for r in report.results)
                                  else "no test passed")
    cpus = int(re.search(r"cpus=(\d+)", words)[1])
    calls = re.search(r"^  calls +([\d,]+) ", output, re.MULTILINE)
    if not calls or not re.search(r"^stale reads 0: PASS$", output, re.MULTILINE):
        return "no line `stale reads 0: PASS`"
    if int(calls[1].replace(",", "")) < cpus * SEQUENCE * WRAPS:
        return f"only {calls[1]} calls: too few to wrap"
    return None


def no_complaint(words, output):
    """Their exit status says all."""
    del words, output


LISTS = {"threads": (THREADS, threads_complaint),
         "explore": (EXPLORE, no_complaint), "sim": (SIM, no_complaint)}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in LISTS:
        print(__doc__ + "Lists: " + ", ".join(LISTS), file=sys.stderr)
        return 2
    name, program = sys.argv[1:]
    cases, complaint = LISTS[name]
    tap = libtap.Writer()
    for what, words in cases:
        status, output = libproc.execute([program, *words.split()], RUN_SECONDS)
        wrong = complaint(words, output) if status == 0 else \
            f"exit status {status}" if status else f"no end after {RUN_SECONDS} s"
        tail = "\n".join(output.splitlines()[-SHOW_LINES:])
        tap.test(f"narrow counters, {name}: {what}", not wrong,
                 f"{program} {words}: {wrong}\n{tail}", "F-P11")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
