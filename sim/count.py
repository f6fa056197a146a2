#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Count the coherence transactions of each operation of the library.

Runs xcpu-count for each number of lanes per token line, and prints its rows as
a table: T transactions, D the longest chain of them, S those on the busiest
line, beside the lower bounds for any protocol and our goals.  With --machine,
estimated cycles instead.  The counts are those of the shipped source and the
same on every machine; sim/count.tsv is what they must be.
"""
import argparse
import csv
import io
import pathlib
import subprocess
import sys

import rivals

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "count.tsv"
MODELS = ("plain", "migratory")

SHOOT_TEXT = "N + 1 below 8, the least; then 1.5 N + 6"


def shoot_most(n):
    return n + 1 if n < 8 else 1.5 * n + 6


# Promised with eight lanes and plain MESI, where an interrupt tells the targets:
# at most so many transactions with N of them.
PROMISES = (("call-one", "3", lambda n: 3),
            ("call-one-result", "3", lambda n: 3),
            ("call-one-busy", "6", lambda n: 6),
            ("shoot-range", SHOOT_TEXT, shoot_most),
            ("shoot-full", SHOOT_TEXT, shoot_most),
            ("shoot-batch", SHOOT_TEXT, shoot_most),
            ("shoot-lazy", "3, whoever is lazy", lambda n: 3),
            ("shoot-elsewhere", "3, whoever is elsewhere", lambda n: 3),
            ("sync", "4 N + 4", lambda n: 4 * n + 4),
            ("sync-run", "4 N + 4", lambda n: 4 * n + 4))


def run(programs, words):
    """The rows that the programs print, as one text with one header."""
    text = ""
    for program in programs:
        done = subprocess.run([program, *words], stdout=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.returncode)
        header, _, rows = done.stdout.partition("\n")
        text += rows if text else f"{header}\n{rows}"
    return text


def parse(text):
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


# ---- tables -----------------------------------------------------------------

def split_by(rows, *keys):
    """{values of keys: rows}, in the order of first appearance."""
    parts = {}
    for row in rows:
        parts.setdefault(tuple(row[key] for key in keys), []).append(row)
    return parts


def cells(rows, show):
    """One cell per lanes and model, in the order of the heading."""
    found = {(row["lanes"], row["mesi"]): show(row) for row in rows}
    lanes = sorted({row["lanes"] for row in rows}, key=int)
    return [found.get((n, model), "-") for n in lanes for model in MODELS]


def print_rows(title, rows, first, left, show):
    """`first` names the columns that `left` gives of a row's group."""
    lanes = sorted({row["lanes"] for row in rows}, key=int)
    heading = [f"{'1 lane' if n == '1' else n + ' lanes'} {model}"
               for n in lanes for model in MODELS]
    print(f"\n{title}")
    print("  " + " ".join(f"{name:>7}" for name in first) +
          " ".join(f"{name:>19}" for name in heading))
    for group in split_by(rows, "n").values():
        print("  " + " ".join(f"{value:>7}" for value in left(group)) +
              " ".join(f"{cell:>19}" for cell in cells(group, show)))


def print_counts(rows):
    print("T/D/S: transactions, the longest chain, those on the busiest line.\n"
          "least: what any protocol needs; goal: what is aimed at on plain "
          "MESI.\nkicks: interrupts.")
    for (operation, receivers), part in split_by(
            rows, "operation", "receivers").items():
        print_rows(f"{operation}, receivers {receivers}", part,
                   ("N", "least", "goal", "kicks"),
                   lambda group: (group[0]["n"], group[0]["t_least"],
                                  group[0]["t_goal"], group[0]["kicks"]),
                   lambda row: f"{row['t']}/{row['d']}/{row['s']}")


def print_cycles(rows):
    print("Cycles until it was done / transactions in that run.")
    for key, part in split_by(rows, "machine", "kicks_are", "operation",
                              "receivers").items():
        print_rows("{}, {} kicks: {}, receivers {}".format(*key), part,
                   ("N", "kicks"),
                   lambda group: (group[0]["n"], group[0]["kicks"]),
                   lambda row: f"{row['cycles']}/{row['t']}")


# ---- others' shootdowns --------------------------------------------------------

SHOOTDOWNS = ("shoot-range", "shoot-full")


def count_few(programs):
    """{shootdown: {targets: transactions}}, as promised: eight lanes, MESI."""
    ours = {}
    for operation in SHOOTDOWNS:
        for n in rivals.FEW:
            rows = parse(run(programs, ["--op", operation, "--receivers", "ipi",
                                        "-n", str(n)]))
            ours.setdefault(operation, {})[n] = next(
                int(row["t"]) for row in rows
                if (row["lanes"], row["mesi"]) == ("8", "plain"))
    return ours


def print_rivals(programs):
    """The exit status: does one need too much?"""
    print("Transactions of a shootdown with few targets, plain MESI:")
    ours = count_few(programs)
    for line in rivals.table(ours):
        print(line)
    above = {op: rivals.above(counts) for op, counts in ours.items()}
    for operation, where in above.items():
        for text in where:
            print(f"{operation} needs too much: {text}")
    return 1 if any(above.values()) else 0


def judge_rivals(number, programs):
    """Print TAP: a test for each shootdown; True: one needs too much."""
    failed = False
    for operation, counts in count_few(programs).items():
        above = rivals.above(counts)
        failed |= bool(above)
        print(f"{'not ' if above else ''}ok {number} - count_"
              f"{operation.replace('-', '_')}_rivals # F-P9")
        print(f"# {operation}: at most {rivals.MORE} more than the best of "
              f"{len(rivals.RIVALS)} others with {rivals.FEW[0]} to "
              f"{rivals.FEW[-1]}; " + ", ".join(
                  above or [f"{t} with {n}" for n, t in counts.items()]))
        number += 1
    return failed


# ---- the golden file ----------------------------------------------------------

def key_of(row):
    return (row["lanes"], row["operation"], row["receivers"])


def compare(expected, got, programs):
    """Print TAP: a test for each operation, kind of receivers and lane count."""
    groups = list(dict.fromkeys(key_of(row) for row in expected + got))
    failed = False
    print(f"1..{len(groups) + len(PROMISES) + len(SHOOTDOWNS)}")
    for number, key in enumerate(groups, 1):
        want = [row for row in expected if key_of(row) == key]
        have = [row for row in got if key_of(row) == key]
        good = want == have and all(row["state"] == "steady" for row in have)
        failed |= not good
        lanes, operation, receivers = key
        print(f"{'' if good else 'not '}ok {number} - count_"
              f"{operation.replace('-', '_')}_{receivers.replace('-', '_')}_"
              f"{lanes}_lanes # F-P9")
        if not good:
            show_difference(want, have)
    for number, promise in enumerate(PROMISES, len(groups) + 1):
        failed |= not judge(number, got, *promise)
    failed |= judge_rivals(len(groups) + len(PROMISES) + 1, programs)
    if failed:
        print("# if the new counts are better, or right: sim/count.py --update, "
              "and say why in the commit")
    return failed


def judge(number, rows, operation, text, most):
    """Print TAP: is one promise kept, with every number of targets?"""
    rows = [row for row in rows if row["operation"] == operation and
            (row["lanes"], row["receivers"], row["mesi"]) == ("8", "ipi", "plain")]
    above = [row for row in rows if int(row["t"]) > most(int(row["n"]))]
    good = bool(rows) and not above
    print(f"{'' if good else 'not '}ok {number} - count_{operation.replace('-', '_')}"
          f"_promise # F-P9")
    figures = ", ".join(f"{row['t']} with {row['n']}" for row in above or rows)
    print(f"# {operation}: at most {text}; {figures}")
    return good


def show_difference(want, have):
    for row in have:
        if row["state"] != "steady":
            print(f"# not steady: N={row['n']} {row['mesi']}")
    for sign, rows, others in (("-", want, have), ("+", have, want)):
        for row in rows:
            if row not in others:
                print("# " + sign + " " + " ".join(row.values()))


def main():
    parser = argparse.ArgumentParser(
        prog="count", description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("program", nargs="+",
                        help="xcpu-count, one build for each number of lanes")
    parser.add_argument("--tsv", action="store_true",
                        help="the rows as they are, tab-separated")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true",
                      help="print TAP: are the counts those of sim/count.tsv?")
    what.add_argument("--update", action="store_true",
                      help="make sim/count.tsv what is counted now")
    what.add_argument("--rivals", action="store_true",
                      help="shootdowns of others, with few targets, and ours")
    what.add_argument("--lines", action="store_true",
                      help="also the accesses that cause the transactions")
    parser.add_argument("--op", help="only this operation")
    parser.add_argument("--receivers", choices=("ipi", "poll", "poll-all"),
                        help="how the targets learn of a request")
    parser.add_argument("-n", help="only this number of targets")
    parser.add_argument("--machine", metavar="FILE",
                        help="estimate cycles: sim/machines/*.conf")
    parser.add_argument("--virtual", action="store_true",
                        help="with the kicks of a virtual machine")
    parser.add_argument("--trace", metavar="FILE.json",
                        help="one operation, for ui.perfetto.dev")
    options = parser.parse_args()

    words = [f"--{name}" for name in ("lines", "virtual")
             if getattr(options, name)]
    for name in ("op", "receivers", "machine", "trace"):
        if getattr(options, name):
            words += [f"--{name}", getattr(options, name)]
    if options.n:
        words += ["-n", options.n]
    if (options.check or options.update or options.rivals) and words:
        parser.error("--check, --update and --rivals count what they count: "
                     "no other option")
    return act(options, words)


def act(options, words):
    if options.rivals:
        return print_rivals(options.program)
    text = run(options.program, words)
    if options.update:
        GOLDEN.write_text(text)
        print(f"{GOLDEN.name}: {text.count(chr(10)) - 1} rows")
        return 0
    if options.check:
        return compare(parse(GOLDEN.read_text()), parse(text),
                       options.program)
    if options.tsv or options.lines:
        print(text, end="")
    elif options.machine:
        print_cycles(parse(text))
    else:
        print_counts(parse(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
