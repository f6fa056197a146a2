# SPDX-License-Identifier: BSD-2-Clause
#
# xcpu-count: the coherence transactions of each operation, one program per
# number of lanes in a token line.

COUNT_SRCS := $(LIB_SRCS) sim/count.c sim/count_ops.c sim/count_world.c \
	sim/count_port.c sim/count_lines.c \
	sim/count_heap.c sim/mesi.c sim/cost.c sim/cost_machine.c \
	sim/perfetto.c port/sim/fiber.c

# $(1) lanes per line
define count_world
count$(1)_CC     := $(CC)
count$(1)_CFLAGS := $(CFLAGS_common) -Iport/sim -Isim -DXCPU_NCPU_MAX=4096 \
	-DXCPU_LANES_PER_LINE=$(1) -DXCPU_ATOMIC_HEADER='"sim_atomic.h"'
$(call world,count$(1))

$(O)/xcpu-count$(1): $(call objs,count$(1),$(COUNT_SRCS))
	$$(call say,LD,$$@)
	$$(Q)$(CC) -o $$@ $$^
endef
$(foreach n,1 8,$(eval $(call count_world,$(n))))

COUNT := $(O)/xcpu-count1 $(O)/xcpu-count8
PROGRAMS += $(COUNT)

COMMANDS += count
count_CMD   = python3 sim/count.py $(COUNT)
SUITES += count
count_RUN   = python3 sim/count.py --check $(COUNT)
count_NEEDS = $(COUNT)

# The tool, and what it is made of.
tool-count_RUN   = python3 tests/tools/test_count.py $(COUNT)
tool-count_NEEDS = $(COUNT)

unit-cost_CC     := $(CC)
unit-cost_CFLAGS := $(CFLAGS_common) -Itests/unit -Isim \
	-fsanitize=address,undefined -fno-sanitize-recover=all
$(eval $(call world,unit-cost))

COST_TESTS := $(O)/unit-cost/mesi_test $(O)/unit-cost/cost_test
$(COST_TESTS): $(O)/unit-cost/%: $(O)/unit-cost/tests/unit/%.o \
    $(call objs,unit-cost,sim/mesi.c sim/cost.c sim/cost_machine.c)
	$(call say,LD,$@)
	$(Q)$(CC) -fsanitize=address,undefined -o $@ $^ -lcmocka

SUITES += unit-cost
unit-cost_RUN   = for t in $(COST_TESTS); do $$t || exit; done
unit-cost_NEEDS = $(COST_TESTS)
