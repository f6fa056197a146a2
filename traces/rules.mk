# SPDX-License-Identifier: BSD-2-Clause
#
# TRACE=FILE of `make run` and `make run-threads`: the text of a recording, made
# into the form that the replay takes.
ifneq ($(TRACE),)
TRACE_FILE := $(O)/traces/$(patsubst %.trace,%,$(basename $(notdir $(TRACE)))).bin

$(TRACE_FILE): $(TRACE) tools/xcputrace $(wildcard tools/tracelib/*.py)
	$(call say,TRACE,$@)
	@mkdir -p $(@D)
	$(Q)python3 tools/xcputrace convert $(TRACE) $@
endif

# All recordings, replayed in both worlds.
SUITES += replay-threads replay-kernel
replay-threads_RUN   = python3 traces/runs.py --threads $(THREADS)
replay-threads_NEEDS = $(THREADS)
replay-threads_TIME  = 400
replay-kernel_RUN    = python3 traces/runs.py --kernel $(KERNEL)
replay-kernel_NEEDS  = $(KERNEL)
replay-kernel_TOOLS  = qemu-system-$(ARCH)
