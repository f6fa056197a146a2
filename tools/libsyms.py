# SPDX-License-Identifier: BSD-2-Clause
"""What the objects of the library define and what they want, from nm.

tools/lib-undefined.txt is the documented list: the port's hooks that are bound
at link time, and the memory functions that a compiler may call on its own.
"""
import pathlib
import subprocess

DOCUMENTED = pathlib.Path(__file__).with_name("lib-undefined.txt")
WRITABLE = "BbCDdGgSs"		# nm's letters for .bss, common and .data


class Symbols:
    """All symbols of some objects or archives, taken as one library."""

    def __init__(self, files, nm="nm"):
        listing = subprocess.run([nm, "-A", *map(str, files)], check=True,
                                 text=True, stdout=subprocess.PIPE).stdout
        self.writable = []	# (object file, symbol)
        wanted, defined = set(), set()
        for line in listing.splitlines():
            place, rest = line.rsplit(":", 1)
            *_, letter, name = rest.split()
            if letter in "Uw":
                wanted.add(name)
            else:
                defined.add(name)
            if letter in WRITABLE:
                self.writable.append((pathlib.Path(place).name, name))
        self.undefined = wanted - defined


def documented():
    lines = DOCUMENTED.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}
