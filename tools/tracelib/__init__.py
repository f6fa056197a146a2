# SPDX-License-Identifier: BSD-2-Clause
"""Recorded traces of a real kernel: their text, their meaning, their binary form.

text.py       one line of tracefs text -> one Event, or an error with its number
model.py      spaces, threads, CPUs, operations
meaning.py    events -> operations on spaces and pages (traces/README.md)
reference.py  what the recorded kernel did: requests and kicks, by cause
binary.py     operations -> the compact file that work/trace.c reads
counts.py     the rows of the golden table
rules.py      how many kicks other rules need on the same operations
"""
