# SPDX-License-Identifier: BSD-2-Clause
#
# xcpu-threads: the library, its self-test and the workloads on threads, once as
# it is and once under each sanitizer.

THREADS_SRCS := $(LIB_SRCS) $(wildcard port/linux/*.c work/*.c selftest/*.c)
THREADS_CFLAGS := $(CFLAGS_common) -DXCPU_NCPU_MAX=256 -Iport/linux -Iwork \
	-Iselftest -pthread

threads_EXTRA :=
threads-tsan_EXTRA := -fsanitize=thread
threads-asan_EXTRA := -fsanitize=address
threads-ubsan_EXTRA := -fsanitize=undefined -fno-sanitize-recover=all

THREADS_WORLDS := threads threads-tsan threads-asan threads-ubsan

define threads_world
$(1)_CC     := $(CC)
$(1)_CFLAGS := $(THREADS_CFLAGS) $($(1)_EXTRA)
$(call world,$(1))

$(O)/xcpu-$(1): $(call objs,$(1),$(THREADS_SRCS))
	$$(call say,LD,$$@)
	$$(Q)$(CC) -pthread $($(1)_EXTRA) -o $$@ $$^
endef
$(foreach w,$(THREADS_WORLDS),$(eval $(call threads_world,$(w))))

THREADS := $(O)/xcpu-threads
PROGRAMS += $(THREADS)

.PHONY: threads threads-sanitizers
threads: $(THREADS)
threads-sanitizers: $(foreach w,$(THREADS_WORLDS),$(O)/xcpu-$(w))
