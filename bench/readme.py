#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Put the figures of the last ./x bench into README.md.

Reads the tables of a folder that xcpu-bench wrote, and replaces what stands in
README.md between the marker lines.
Of several attempts each ratio is that of the one in which we did worst.
"""
import argparse
import csv
import pathlib
import sys

README = pathlib.Path(__file__).resolve().parent.parent / "README.md"
BEGIN = "<!-- bench: written by `make bench-readme` -->"
END = "<!-- end of bench -->"

# What, ours, held against, what that is, the rival of our own making or None.
TRIPS = [("synchronous call of one CPU", "call", "two-lines",
          "ping-pong over two bare cache lines", None)]
MESSAGES = [
    ("messages in batches of 4", "batch4", "cached4",
     "bare ring without any signal, batched too", None),
    ("messages in batches of 4", "batch4", "fenced4",
     "the same with a full fence per batch", None),
    ("messages in batches of 32", "batch32", "cached32",
     "bare ring without any signal, batched too", None),
    ("messages sent singly", "send", "fenced",
     "bare ring with a full fence each", None),
    ("messages sent singly", "send", "ck", "Concurrency Kit's ring", None),
    ("messages in batches of 32", "batch32", "queue2005",
     "kernel queue of 2005", "queue2005"),
    ("messages sent singly", "send", "queue2005", "kernel queue of 2005",
     "queue2005"),
    ("messages sent singly", "send", "queue2005-looks",
     "the same, its target always looking", "queue2005"),
    ("message and answer", "echo", "queue2005-echo", "kernel queue of 2005",
     "queue2005"),
    ("message and answer", "echo", "mailbox-call", "NetBSD's mailbox",
     "mailbox"),
]


class Blocks:
    """Times by attempt, block and measure; regimes by attempt."""

    def __init__(self, folder, suite):
        self.ns = {}
        for row in read(folder, f"{suite}-blocks.tsv"):
            block = self.ns.setdefault(row["attempt"], {}).setdefault(
                row["block"], {})
            block[row["measure"]] = float(row["ns"])
        self.regime = {row["attempt"]: row["regime"]
                       for row in read(folder, f"{suite}-summary.tsv")}

    def ratios(self, attempt, ours, other):
        return sorted(block[ours] / block[other]
                      for block in self.ns[attempt].values() if block[other])

    def worst(self, ours, other):
        """(10 %, median, 90 %, regime) of the attempt with the highest median."""
        found = [(quantiles(ratios), self.regime[attempt])
                 for attempt in self.ns
                 if (ratios := self.ratios(attempt, ours, other))]
        return max(found, key=lambda item: item[0][1]) if found else None


def quantiles(values):
    """As sample.c takes them."""
    last = len(values) - 1
    return values[last // 10], values[last // 2], values[last * 9 // 10]


def read(folder, name):
    path = pathlib.Path(folder, name)
    if not path.exists():
        sys.exit(f"readme: {path} is not there; run ./x bench first")
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def ratio_rows(blocks, lines, honest):
    for what, ours, other, name, rival in lines:
        found = blocks.worst(ours, other)
        if found is None or not honest.get(rival, True):
            why = "not measured" if found is None else "void: not like it"
            yield f"| {what} | {name} | {why} | | |"
            continue
        (low, median, high), regime = found
        yield (f"| {what} | {name} | **{median:.2f}** | "
               f"{low:.2f} to {high:.2f} | {regime} |")


def kick_rows(folder):
    for row in read(folder, "kicks.tsv"):
        burst, n = int(row["burst"]), int(row["messages"])
        name = f"bursts of {burst}" if burst else "no pause"
        yield (f"| {name} | {int(row['ours']) * 100 / n:.2f} | "
               f"{int(row['queue2005']) * 100 / n:.2f} |")


def table(folder):
    honest = {row["rival"]: row["honest"] == "1"
              for row in read(folder, "honesty.tsv")}
    rows = ["| time of | in times of | median | 10 % to 90 % | cores |",
            "|---|---|---:|---:|---|"]
    rows += ratio_rows(Blocks(folder, "trips"), TRIPS, honest)
    rows += ratio_rows(Blocks(folder, "messages"), MESSAGES, honest)
    rows += ["", "| interrupts per 100 messages | xcpu | kernel queue of 2005 |",
             "|---|---:|---:|"]
    rows += kick_rows(folder)
    return "\n".join(rows)


def write(readme, text):
    old = readme.read_text()
    if BEGIN not in old or END not in old:
        sys.exit(f"readme: {readme.name} lacks its marker lines:\n{BEGIN}\n{END}")
    before, rest = old.split(BEGIN, 1)
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END, 1)[1]}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", help="where xcpu-bench wrote its tables")
    parser.add_argument("--readme", type=pathlib.Path, default=README,
                        metavar="FILE", help="instead of README.md")
    options = parser.parse_args()
    text = table(options.folder)
    write(options.readme, text)
    print(text)


if __name__ == "__main__":
    main()
