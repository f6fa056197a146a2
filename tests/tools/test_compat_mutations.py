#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""tests/compat/mutations.py: each of them still finds the text that it changes."""
import sys

from harness import ROOT, Tap

sys.path.insert(0, str(ROOT / "tests" / "compat"))

import mutations	# noqa: E402 (needs the line above)


def main():
    tap = Tap()
    for name, path, old, *_ in mutations.MUTATIONS:
        times = (ROOT / path).read_text(encoding="utf-8").count(old)
        tap.test(f"compat mutations: {name} has its place in {path}", times == 1,
                 f"the text occurs {times} times: let it follow the source")
    tap.end()


if __name__ == "__main__":
    main()
