# SPDX-License-Identifier: BSD-2-Clause
#
# TRACE=FILE of `make run` and `make run-threads`: the text of a recording, made
# into the form that the replay takes.
RECORDINGS := $(wildcard traces/*.trace.xz)
trace_file = $(O)/traces/$(if $(filter $(RECORDINGS),$(1)),,own/)$(patsubst \
	%.trace,%,$(basename $(notdir $(1)))).bin

define trace_rule
$(call trace_file,$(1)): $(1) tools/xcputrace $(wildcard tools/tracelib/*.py)
	$$(call say,TRACE,$$@)
	@mkdir -p $$(@D)
	$$(Q)python3 tools/xcputrace convert $(1) $$@
endef
$(foreach t,$(sort $(RECORDINGS) $(TRACE)),$(eval $(call trace_rule,$(t))))

RECORDED := $(foreach t,$(RECORDINGS),$(call trace_file,$(t)))
TRACE_FILE := $(if $(TRACE),$(call trace_file,$(TRACE)))

# All recordings, replayed in both worlds.
SUITES += replay-threads replay-kernel
replay-threads_RUN   = python3 traces/runs.py --threads $(THREADS)
replay-threads_NEEDS = $(THREADS)
replay-threads_TIME  = 400
replay-kernel_RUN    = python3 traces/runs.py --kernel $(KERNEL)
replay-kernel_NEEDS  = $(KERNEL)
replay-kernel_TIME   = 600
replay-kernel_TOOLS  = qemu-system-$(ARCH)
