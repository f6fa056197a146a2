# SPDX-License-Identifier: BSD-2-Clause
"""Coherence transactions of the requests of a trace, by a model.

A request to n CPUs, all interrupted, costs what `./x count` counts for one
operation, with eight lanes and plain MESI: formulas here, which check() holds
against the rows of sim/count.tsv.  work/replay_cost.c has the same and says what
the model leaves out.
"""
import csv

from . import rules

FORMS = ("sync", "gather", "async", "defer")
LANES, RECEIVERS, MESI = "8", "ipi", "plain"
OPERATION = {"sync": "shoot-range", "gather": "shoot-batch",
             "async": "shoot-async", "defer": "shoot-defer"}


def transactions(form, n):
    token_lines = (n + 8) // 8
    if n == 0:
        return 0
    return {"async": 6 * n + 3 + token_lines,
            "defer": 6 * n + 3 + 2 * token_lines}.get(form, n + token_lines)


def check(table):
    """What is wrong with the formulas: rows of sim/count.tsv that differ."""
    wrong, seen = [], set()
    with open(table, encoding="ascii") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t")
                if (row["lanes"], row["receivers"], row["mesi"])
                == (LANES, RECEIVERS, MESI)]
    for form, operation in OPERATION.items():
        for row in (r for r in rows if r["operation"] == operation):
            seen.add(form)
            n, counted = int(row["n"]), int(row["t"])
            if transactions(form, n) != counted:
                wrong.append("%s to %d: counted %d, modelled %d" % (
                    operation, n, counted, transactions(form, n)))
    return wrong + ["%s is not counted" % OPERATION[form]
                    for form in FORMS if form not in seen]


def modelled(records, ncpu, place):
    """{form or rule: transactions} of all records on ncpu CPUs."""
    sums = dict.fromkeys((*FORMS, *rules.RULES), 0)
    for step in rules.steps(records, ncpu, place):
        if not step.targets:
            continue
        late = step.record.cause in rules.LATE
        for form in FORMS:
            sums[form] += transactions(form if late else "sync",
                                       len(step.targets["need"]))
        for rule in rules.RULES:
            sums[rule] += transactions("sync", len(step.targets[rule]))
    return sums
