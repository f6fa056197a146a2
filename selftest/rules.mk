# SPDX-License-Identifier: BSD-2-Clause
#
# The self-test on threads, in builds that the usual one is not: each option
# that changes the code, and each level of a port, has one that shows it.

selftest-lane_EXTRA := -DXCPU_CONFIG_FILE='"traced.h"' -DXCPU_NCPU_MAX=16 \
	-DXCPU_LANES_PER_LINE=1 -DXCPU_DRAIN_BUDGET=4 -DXCPU_EVENT_MAX=128
selftest-narrow_EXTRA := -DXCPU_NCPU_MAX=70 -DXCPU_SEQ_BITS=4 \
	-DXCPU_EVENT_GEN_BITS=2 -DXCPU_SPACE_RANGES=2 -DXCPU_CALL_SLOTS=4 \
	-DXCPU_MSG_SLOTS=4 -DXCPU_STATS=0
selftest-kick_EXTRA := -DXCPU_PORT_LEVEL=1
selftest-poll_EXTRA := -DXCPU_PORT_LEVEL=0
selftest-core_EXTRA := -DXCPU_MSG_SLOTS=0

# Soon built, and soon over: most of the suite's time is waits for stalls, which
# are 300 ms here, not a second.
SELFTEST_QUICK := -O0 -DXCPU_STALL_NS=300000000

SELFTEST_WORLDS := selftest-lane selftest-narrow selftest-kick selftest-poll \
	selftest-core

# $(1) world
define selftest_world
$(1)_CC     := $(CC)
$(1)_CFLAGS := $(CFLAGS_common) $(SELFTEST_QUICK) $($(1)_EXTRA) -Iport/linux \
	-Iwork -Iselftest -pthread
$(call world,$(1))

$(O)/xcpu-$(1): $(call objs,$(1),$(THREADS_UNITY))
	$$(call say,LD,$$@)
	$$(Q)$(CC) -pthread -o $$@ $$^

SUITES += $(1)
$(1)_RUN   = $(O)/xcpu-$(1) work=selftest cpus=4
$(1)_NEEDS = $(O)/xcpu-$(1)
endef
$(foreach w,$(SELFTEST_WORLDS),$(eval $(call selftest_world,$(w))))

.PHONY: selftest
selftest: $(THREADS)
	$(Q)$(THREADS) work=selftest cpus=$(CPUS)
