# SPDX-License-Identifier: BSD-2-Clause
#
# Mutants: the library broken in every way we know, each found by an engine.

ENGINES := $(O)/xcpu-explore $(O)/xcpu-explore8 $(O)/xcpu-sim

COMMANDS += mutants
mutants_CMD   = python3 tools/mutants --out $(O)

# In a test run: the quickest killers, so many seconds of them, two at a time.
SUITES += mutants
mutants_RUN   = python3 tools/mutants --out $(O) --share 100
mutants_NEEDS = $(ENGINES)
mutants_TOOLS = patch

# What these two compare with the source.
tool-tags_RUN      = python3 tests/tools/test_tags.py $(O)/xcpu-explore
tool-tags_NEEDS    = $(O)/xcpu-explore
tool-engines_RUN   = python3 tests/tools/test_engines.py $(LIB) $(ENGINES)
tool-engines_NEEDS = $(LIB) $(ENGINES)
