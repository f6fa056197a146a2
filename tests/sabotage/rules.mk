# SPDX-License-Identifier: BSD-2-Clause
#
# Ports with a mistake in one hook, which the self-test must name: tools/sabotage
# applies each patch to a copy of port/linux, or of what the guide makes of
# examples/minnow.  Built quickly, for each is built once and soon over: without
# optimising, and the library as one file.

sabotage_CC     := $(CC)
sabotage_CFLAGS  = $(CFLAGS_common) -O0 -g0 -DXCPU_NCPU_MAX=64 $(SABOTAGE) \
	-Iport/linux -Iwork -Iselftest -pthread
$(eval $(call world,sabotage))

.PHONY: sabotaged
sabotaged: $(O)/xcpu-sabotage
$(O)/xcpu-sabotage: $(call objs,sabotage,$(THREADS_UNITY))
	$(call say,LD,$@)
	$(Q)$(CC) -pthread -o $@ $^

SUITES += sabotage
sabotage_RUN   = python3 tools/sabotage --out $(O) test
sabotage_TIME  = 900
sabotage_TOOLS = patch gcc qemu-system-x86_64
