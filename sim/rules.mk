# SPDX-License-Identifier: BSD-2-Clause
#
# xcpu-sim and xcpu-sim1: the library's source on the simulated machine, with
# eight CPUs and with one per token line; xcpu-sim-narrow: with every counter
# narrow enough to wrap (fault F16).

SIM_MACHINE := access asid basic cpu draw fault irq judge log main minimise mmu \
	mmu_change mmu_walk names options oracle perfetto queue remote run scenario sched \
	strike tlb tlb_hooks tlb_store tlb_walk trace death user
SIM_SRCS := $(LIB_SRCS) $(SIM_PORT_SRCS) $(SIM_MACHINE:%=sim/%.c) \
	$(wildcard sim/ops/*.c sim/scenarios/*.c)
# At fixed addresses, so that nothing can depend on where the program lies.
SIM_CFLAGS = $(SIM_PORT_FLAGS) -Isim -Isim/ops -fno-pie -DXCPU_NCPU_MAX=64 -DXCPU_MSG_SLOTS=8 \
	-DXCPU_PORT_REMOTE=1 \
	-DXCPU_CONFIG_FILE='"sim_config.h"'

sim8_EXTRA := -DXCPU_LANES_PER_LINE=8
sim1_EXTRA := -DXCPU_LANES_PER_LINE=1
sim-narrow_EXTRA = $(NARROW_FLAGS) -DXCPU_CALL_SLOTS=2 -DXCPU_DRAIN_BUDGET=2

# $(1) world, $(2) program
define sim_world
$(1)_CC     := $(CC)
$(1)_CFLAGS  = $$(SIM_CFLAGS) $$($(1)_EXTRA)
$(call world,$(1))

$(O)/$(2): $(call objs,$(1),$(SIM_SRCS))
	$$(call say,LD,$$@)
	$$(Q)$(CC) -no-pie -o $$@ $$^
PROGRAMS += $(O)/$(2)
endef
$(eval $(call sim_world,sim8,xcpu-sim))
$(eval $(call sim_world,sim1,xcpu-sim1))
$(eval $(call sim_world,sim-narrow,xcpu-sim-narrow))

COMMANDS += sim hunt matrix oracle
SIM_COMMIT = $(shell git describe --always --dirty --exclude='*' 2>/dev/null)
sim_CMD      = env XCPU_COMMIT=$(SIM_COMMIT) $(O)/xcpu-sim
sim_NEEDS    = $(O)/xcpu-sim
hunt_NEEDS   = $(O)/xcpu-sim $(O)/xcpu-sim1 $(O)/xcpu-sim-narrow
hunt_CMD     = python3 sim/hunt.py $(hunt_NEEDS)
matrix_NEEDS = $(O)/xcpu-sim
matrix_CMD   = python3 sim/matrix.py --sim $(O)/xcpu-sim \
	--out $(O)/matrix/result.txt
oracle_NEEDS = $(O)/xcpu-sim
oracle_CMD   = python3 sim/oracle.py --sim $(O)/xcpu-sim

SUITES += sim sim1 sim-bugs sim-nth sim-matrix sim-plants sim-oracle
sim_RUN    = python3 sim/runs.py --seconds 30 $(O)/xcpu-sim
sim1_RUN   = python3 sim/runs.py --short --seconds 12 $(O)/xcpu-sim1
sim1_NEEDS = $(O)/xcpu-sim1
# Each bug of the catalogue; each fault at each place of a small run.
sim-bugs_RUN     = python3 sim/bugs.py $(O)/xcpu-sim
sim-bugs_NEEDS   = $(O)/xcpu-sim
sim-nth_RUN      = python3 sim/nth.py --jobs 1 --sim $(O)/xcpu-sim
sim-nth_NEEDS    = $(O)/xcpu-sim
sim-matrix_RUN   = python3 sim/matrix.py --tap --sim $(O)/xcpu-sim
sim-matrix_NEEDS = $(O)/xcpu-sim
# A fiftieth of the search for stale accesses.
sim-oracle_RUN   = $(oracle_CMD) --tap --share 50
sim-oracle_NEEDS = $(O)/xcpu-sim
# The planted defects, in a copy of the tree.
sim-plants_RUN   = python3 sim/plants.py --sim $(O)/xcpu-sim --out $(O)
sim-plants_NEEDS = $(O)/xcpu-sim
sim-plants_TOOLS = patch

include sim/count.mk
