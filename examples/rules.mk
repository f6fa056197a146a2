# SPDX-License-Identifier: BSD-2-Clause
#
# Each examples/NAME.c is a program of its own on the threads port, built and run
# by the tests.  README.md shows hello.c, to the letter.
#
# examples/minnow/ is a kernel that knows nothing of xcpu; the guide ports it.

EXAMPLE_SRCS := $(wildcard examples/*.c)
EXAMPLE_HOST := $(LIB_SRCS) $(filter-out \
	port/linux/main.c port/linux/selftest.c,$(wildcard port/linux/*.c))
EXAMPLES := $(patsubst examples/%.c,$(O)/examples/%,$(EXAMPLE_SRCS))

$(EXAMPLES): $(O)/examples/%: $(O)/threads/examples/%.o $(call objs,threads,$(EXAMPLE_HOST))
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -pthread -o $@ $^

.PHONY: examples
examples: $(EXAMPLES)

SUITES += examples
examples_RUN   = python3 tests/examples.py $(O)/examples
examples_NEEDS = $(EXAMPLES)

SUITES += guide
guide_RUN   = python3 tools/guide --out $(O) check
guide_TIME  = 900
guide_TOOLS = gcc qemu-system-x86_64

.PHONY: guide
guide:
	$(Q)python3 tools/guide write
