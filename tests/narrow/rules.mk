# SPDX-License-Identifier: BSD-2-Clause
#
# Threads, explorer and simulator with counters so narrow that each of them that
# can wrap does so within seconds.  At their usual widths a sequence or a
# generation comes round after days, or never: what happens then would be seen by
# no test.  The simulator's program is sim/'s own.

NARROW_FLAGS := -DXCPU_SEQ_BITS=8 -DXCPU_EVENT_GEN_BITS=2 \
	-DXCPU_SPACE_GEN_BITS=4 -DXCPU_SPACE_RANGES=2

# Two ASIDs for each CPU, which keep what is not loaded.
threads-narrow_EXTRA := $(NARROW_FLAGS) -DHOST_ASIDS=1
$(eval $(call threads_world,threads-narrow))
$(eval $(call explore_world,explore-narrow,1 $(NARROW_FLAGS),xcpu-explore-narrow))

# $(1) threads, explore or sim
define narrow_suite
SUITES += $(1)-narrow
$(1)-narrow_RUN   = python3 tests/narrow/runs.py $(1) $(O)/xcpu-$(1)-narrow
$(1)-narrow_NEEDS = $(O)/xcpu-$(1)-narrow
$(1)-narrow_TIME  = 600
endef
$(foreach n,threads explore sim,$(eval $(call narrow_suite,$(n))))
