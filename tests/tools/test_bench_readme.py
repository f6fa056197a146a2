#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""bench/readme.py: the worst attempt's figures, in README.md, and nothing else."""
from harness import ROOT, Tap, run, tree

KEYS = ["two-lines", "call", "send", "fenced", "ck", "queue2005", "batch32",
        "cached32", "echo", "queue2005-echo", "mailbox-call", "batch4",
        "cached4", "fenced4", "queue2005-looks"]
# Time of each measure but `send`, which is 10 in one attempt and 30 in the other.
OTHERS = {"two-lines": 100, "call": 80, "fenced": 20, "ck": 0, "queue2005": 100,
          "batch32": 5, "cached32": 4, "echo": 60, "queue2005-echo": 100,
          "mailbox-call": 120}
BEGIN = "<!-- bench: written by `make bench-readme` -->"
END = "<!-- end of bench -->"


def blocks():
    lines = ["attempt\tblock\tmeasure\tns"]
    for attempt, send in (("1", 10), ("2", 30)):
        for block in range(1, 4):
            lines += [f"{attempt}\t{block}\t{key}\t{OTHERS.get(key, send)}"
                      for key in KEYS]
    return "\n".join(lines) + "\n"


def files(honest, readme):
    summary = "attempt\tregime\n1\tnear\n2\tfar\n"
    return {
        "out/trips-blocks.tsv": blocks(), "out/trips-summary.tsv": summary,
        "out/messages-blocks.tsv": blocks(), "out/messages-summary.tsv": summary,
        "out/kicks.tsv": "burst\tmessages\tours\tqueue2005\n32\t3200\t100\t200\n"
                         "0\t1000\t4\t120\n",
        "out/honesty.tsv": f"rival\thonest\nqueue2005\t{honest}\nmailbox\t1\n",
        "README.md": readme,
    }


def written(honest=1, readme=f"before\n{BEGIN}\nold\n{END}\nafter\n", without=None):
    """(status, output, README.md afterwards)"""
    given = files(honest, readme)
    given.pop(without, None)
    with tree(given) as folder:
        status, output = run("python3", ROOT / "bench/readme.py", f"{folder}/out",
                             "--readme", f"{folder}/README.md")
        with open(f"{folder}/README.md", encoding="utf-8") as file:
            return status, output, file.read()


def main():
    tap = Tap()
    status, _, text = written()
    tap.test("readme: the rest of the file stays", status == 0 and
             text.startswith(f"before\n{BEGIN}\n| time of") and
             text.endswith(f"|\n{END}\nafter\n") and "old" not in text, text)
    tap.test("readme: of two attempts the worse, with its regime",
             "full fence each | **1.50** | 1.50 to 1.50 | far |" in text, text)
    tap.test("readme: a queue that was not measured has no figure",
             "Concurrency Kit's ring | not measured | | |" in text, text)
    tap.test("readme: kicks per hundred",
             "| bursts of 32 | 3.12 | 6.25 |" in text and
             "| no pause | 0.40 | 12.00 |" in text, text)
    tap.test("readme: a rival that is believed has figures",
             "answer | kernel queue of 2005 | **0.60**" in text, text)

    _, _, text = written(honest=0)
    tap.test("readme: one that is not has none", "**0.60**" not in text and
             text.count("2005 | void") == 3 and "**0.50**" in text, text)

    status, output, text = written(readme="no marks\n")
    tap.test("readme: without the markers nothing is written", status == 1 and
             text == "no marks\n" and BEGIN in output, output)
    status, output, _ = written(without="out/kicks.tsv")
    tap.test("readme: a table that is not there is named", status == 1 and
             "kicks.tsv is not there" in output, output)
    tap.end()


if __name__ == "__main__":
    main()
