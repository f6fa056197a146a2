# SPDX-License-Identifier: BSD-2-Clause
"""Coherence transactions of others' shootdowns, beside which ours are judged.

What their protocols need in the model of xcpu-count: plain MESI, interrupts, the
steady state, nobody looks before there is something to see.  N targets are all
CPUs but the initiator, which is the best case of those who touch the words of
every CPU, target or not.  They were counted by hand, so each is a formula: none
of that code runs here.
"""

FEW = range(1, 5)	# targets
MORE = 2		# than the best, at most


def cpus(n):
    return n + 1


# Name, the lines that it is about, transactions with n targets.
RIVALS = (
    ("NetBSD", "a pending word, a mailbox and the message",
     lambda n: 9 * n + 2),
    ("XNU", "signals and the invalid flag of a target; every CPU's CR3 word",
     lambda n: 7 * n + 2 * (cpus(n) - 1)),
    ("Theseus", "the ranges and the counter, by every CPU; the lock",
     lambda n: 2 * cpus(n) + 1),
    ("DragonFly, lwkt_ipiq", "the pair's FIFO, its indices and npoll",
     lambda n: 10 * n),
    ("DragonFly, cpusync", "masks on which all spin and which all write",
     lambda n: n * n + 3 * n + 3),
    ("Linux", "the queue, the descriptor, the info and tlb_gen",
     lambda n: 11 * n + 2),
    ("FreeBSD", "the request, and a scoreboard of answers",
     lambda n: 5 * n + 1),
    ("one request, a line per answer", "the plain way", lambda n: 3 * n + 1),
    ("one line for all", "the fewest without fetching ahead; all in a row",
     lambda n: n + 2),
)


def best(n):
    """(transactions, name) of who needs least."""
    return min((count(n), name) for name, _, count in RIVALS)


def table(ours):
    """Lines: all of them with few targets; ours: {operation: {n: count}}."""
    rows = [(name, {n: count(n) for n in FEW}, "  " + lines)
            for name, lines, count in RIVALS]
    rows += [(f"xcpu, {name}", counts, "") for name, counts in ours.items()]
    yield f"  {'targets':32}" + "".join(f"{n:>6}" for n in FEW)
    for name, counts, lines in rows:
        yield f"  {name:32}" + "".join(f"{counts[n]:>6}" for n in FEW) + lines


def above(counts):
    """Where {n: count} is more than is promised; empty: nowhere."""
    return [f"{counts[n]} with {n}, and {best(n)[1]} {best(n)[0]}"
            for n in FEW if counts[n] > best(n)[0] + MORE]
