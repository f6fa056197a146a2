# SPDX-License-Identifier: BSD-2-Clause
#
# xcpu-bench: the library on the threads port's hooks, two threads on two cores.
# It is compiled as one file, as README tells a host to add it.

BENCH_SRCS := src/xcpu_all.c $(wildcard bench/*.c) $(filter-out \
	port/linux/main.c port/linux/selftest.c,$(wildcard port/linux/*.c))

# Rings of 256 messages, as in the figures that it is held against.
# A kernel for x86_64 has the same option: CFLAGS_x86_64.
bench_CC     = $(CC)
bench_CFLAGS = $(CFLAGS_common) -Iport/linux -Iwork -pthread \
	-DXCPU_MSG_SLOTS=256 $(if $(filter x86_64,$(HOST_ARCH)),-mprfchw)
$(eval $(call world,bench))

BENCH := $(O)/xcpu-bench
$(BENCH): $(call objs,bench,$(BENCH_SRCS))
	$(call say,LD,$@)
	$(Q)$(CC) -pthread -o $@ $^

BENCH_NEEDS = $(BENCH)
BENCH_RUN = mkdir -p $(O)/bench && $(BENCH) $(O)/bench
PROGRAMS += $(BENCH)

# The figures of the last one, into README.md.
.PHONY: bench-readme
bench-readme:
	$(Q)python3 bench/readme.py $(O)/bench

.PHONY: bench-quick
bench-quick: $(BENCH)
	$(Q)$(BENCH) --quick

SUITES += bench-quick
bench-quick_RUN   = $(BENCH) --quick
bench-quick_NEEDS = $(BENCH)

# What it makes of its numbers, on made-up ones.
unit-verdict_CC     = $(CC)
unit-verdict_CFLAGS = $(UNIT_CFLAGS) -Ibench
$(eval $(call world,unit-verdict))

$(O)/unit-verdict/verdict_test: \
    $(call objs,unit-verdict,tests/unit/verdict_test.c bench/verdict.c)
	$(call say,LD,$@)
	$(Q)$(CC) $(UNIT_LDFLAGS) -o $@ $^ -lcmocka

SUITES += unit-verdict
unit-verdict_RUN   = $(O)/unit-verdict/verdict_test
unit-verdict_NEEDS = $(O)/unit-verdict/verdict_test
