# SPDX-License-Identifier: BSD-2-Clause
#
# xcpu-explore: the library under weak memory, with one lane per line, and
# xcpu-explore8 with eight.  Small everywhere else: what is restored before each
# execution should fit into a cache.  Two words of events: with one a drain takes
# it unseen, and what the doorbell orders would not show, for a read-modify-write
# never finds an old value here.

EXPLORE_SRCS := $(wildcard explore/*.c explore/litmus/*.c explore/programs/*.c)
EXPLORE_FLAGS := $(SIM_PORT_FLAGS) -O3 -Iexplore \
	-DXCPU_CALL_SLOTS=2 -DXCPU_SPACE_RANGES=2 -DXCPU_STATS=0 \
	-DXCPU_EVENT_MAX=128 -DXCPU_MSG_SLOTS=4 -DXCPU_MSG_BUDGET=2 \
	-DXCPU_MSG_LOOKS=0 -DXCPU_MSG_PAUSES=0 -DXCPU_PARK_LOOKS=1 \
	-DXCPU_PORT_REMOTE=1 -DXCPUI_EARLY_LOOKS=1

# $(1) world, $(2) lanes, $(3) program, $(4) CPUs at most (4)
define explore_world
$(1)_CC     := $(CC)
$(1)_CFLAGS := $(EXPLORE_FLAGS) -DXCPU_LANES_PER_LINE=$(2) -DXCPU_NCPU_MAX=$(or $(4),4)
$(call world,$(1))

$(O)/$(3): $(call objs,$(1),$(LIB_SRCS) $(SIM_PORT_SRCS) $(EXPLORE_SRCS))
	$$(call say,LD,$$@)
	$$(Q)$(CC) -o $$@ $$^
endef
$(eval $(call explore_world,explore1,1,xcpu-explore,4))
$(eval $(call explore_world,explore8,8,xcpu-explore8,128))

EXPLORE := $(O)/xcpu-explore
EXPLORE8 := $(O)/xcpu-explore8
PROGRAMS += $(EXPLORE) $(EXPLORE8)

# No bound, whatever the programs ask for: the reduction needs none.
EXPLORE_ALL := --bound 0 --limit 60000 --all
EXPLORE_GOLDEN := explore/golden.tsv

COMMANDS += explore
explore_CMD   = python3 explore/explore.py --out $(O)
explore_NEEDS = $(EXPLORE) $(EXPLORE8)	# the suite's, too

SUITES += explore-litmus explore explore8
explore-litmus_RUN   = $(EXPLORE) litmus
explore-litmus_NEEDS = $(EXPLORE)
explore_RUN   = $(EXPLORE) --tap --golden $(EXPLORE_GOLDEN) $(EXPLORE_ALL)
explore8_RUN   = $(EXPLORE8) --tap --golden $(EXPLORE_GOLDEN) $(EXPLORE_ALL)
explore8_NEEDS = $(EXPLORE8)

# What the models of the protocols rejected, and each fence by hand.
SUITES += explore-rejected
explore-rejected_RUN   = python3 explore/programs/rejected.py --out $(O)
explore-rejected_NEEDS = $(EXPLORE)
explore-rejected_TOOLS = patch

# After a change of the source or of a program, and a look at the difference.
.PHONY: explore-golden
explore-golden: $(EXPLORE) $(EXPLORE8)
	$(Q)printf '# build\tprogram\textent\texecutions\tstates\n' >$(EXPLORE_GOLDEN)
	$(Q)$(EXPLORE) --golden-write $(EXPLORE_GOLDEN) $(EXPLORE_ALL)
	$(Q)$(EXPLORE8) --golden-write $(EXPLORE_GOLDEN) $(EXPLORE_ALL)
