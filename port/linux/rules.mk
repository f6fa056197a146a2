# SPDX-License-Identifier: BSD-2-Clause
#
# xcpu-threads: the library, its self-test and the workloads on threads, once as
# it is and once under each sanitizer.

THREADS_SRCS := $(LIB_SRCS) $(wildcard port/linux/*.c work/*.c selftest/*.c)
# As a unity build: sooner made, where nobody changes one file and makes it again.
THREADS_UNITY := src/xcpu_all.c $(filter-out $(LIB_SRCS),$(THREADS_SRCS))
THREADS_CFLAGS := $(CFLAGS_common) -DXCPU_NCPU_MAX=256 -DXCPU_PORT_EARLY=1 \
	-Iport/linux -Iwork \
	-Iselftest -pthread

# The sanitized ones with -O1, which takes two thirds of the time to build.
threads_EXTRA :=
threads-tsan_EXTRA := -O1 -fsanitize=thread
threads-asan_EXTRA := -O1 -fsanitize=address
threads-ubsan_EXTRA := -O1 -fsanitize=undefined -fno-sanitize-recover=all

# One ASID per space, which CPUs share; tests/narrow/ has ASIDs of their own.
threads-asid_EXTRA := -O1 -DHOST_ASIDS=2 -fsanitize=thread

THREADS_SANITIZED := threads-tsan threads-asan threads-ubsan

# $(1) world; the program of that name has its objects.
define threads_world
$(1)_CC     := $(CC)
$(1)_CFLAGS := $(THREADS_CFLAGS) $($(1)_EXTRA)
$(call world,$(1))

$(O)/xcpu-$(1): $(call objs,$(1),$(THREADS_SRCS))
	$$(call say,LD,$$@)
	$$(Q)$(CC) -pthread $($(1)_EXTRA) -o $$@ $$^
endef
$(foreach w,threads $(THREADS_SANITIZED) threads-asid,\
  $(eval $(call threads_world,$(w))))

THREADS := $(O)/xcpu-threads
PROGRAMS += $(THREADS)

# The self-test in each of them, and some runs of the workloads.
SUITES += threads threads-runs
# With 2 CPUs it is part of storms_2_cpus.
threads_RUN   = for n in 1 4 65; do $(THREADS) work=selftest cpus=$$n || exit; done
threads_NEEDS = $(THREADS)
threads-runs_RUN   = python3 port/linux/runs.py $(THREADS)
threads-runs_NEEDS = $(THREADS)

# Every recorded trace that is there.
REPLAYS := $(patsubst traces/%.trace.xz,$(O)/replay/%.bin,$(wildcard traces/*.trace.xz))
$(O)/replay/%.bin: traces/%.trace.xz tools/xcputrace $(wildcard tools/tracelib/*.py)
	$(call say,TRACE,$@)
	@mkdir -p $(@D)
	$(Q)python3 tools/xcputrace convert $< $@

SUITES += threads-replay
threads-replay_RUN   = python3 port/linux/runs.py $(THREADS) $(REPLAYS)
threads-replay_NEEDS = $(THREADS) $(REPLAYS)

# $(1) world
define threads_suite
SUITES += $(1)
$(1)_RUN   = $(O)/xcpu-$(1) work=selftest cpus=4 && \
	python3 port/linux/runs.py --short $(O)/xcpu-$(1)
$(1)_NEEDS = $(O)/xcpu-$(1)
endef
$(foreach w,$(THREADS_SANITIZED) threads-asid,\
  $(eval $(call threads_suite,$(w))))
