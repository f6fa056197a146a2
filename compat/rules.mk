# SPDX-License-Identifier: BSD-2-Clause
#
# The interfaces of other systems over xcpu.  compat/NAME/ is an include path
# and a .c file or two; tests/compat/NAME_*.c are its tests on the threads port:
# as it is, for 4096 CPUs, with one CPU at all, and under each sanitizer; and it
# is compiled as a kernel would, against port/template.

COMPATS := netbsd

COMPAT_HOST := $(LIB_SRCS) $(filter-out \
	port/linux/main.c port/linux/selftest.c,$(wildcard port/linux/*.c))
COMPAT_CFLAGS := $(CFLAGS_common) -Iport/linux -Iwork -Itests/compat \
	-Itests/compat/host -pthread

compat_EXTRA      := -DXCPU_NCPU_MAX=256
compat-many_EXTRA := -DXCPU_NCPU_MAX=4096
# gcc warns of what the port's loops over other CPUs would do to the last array.
compat-up_EXTRA   := -DXCPU_NCPU_MAX=1 -Wno-stringop-overflow -Wno-array-bounds
compat-tsan_EXTRA := -DXCPU_NCPU_MAX=256 -fsanitize=thread
compat-asan_EXTRA := -DXCPU_NCPU_MAX=256 -fsanitize=address,undefined \
	-fno-sanitize-recover=all

# $(1) name, $(2) way, from the list above
define compat_way
$(2)-$(1)_CC     := $(CC)
$(2)-$(1)_CFLAGS := $(COMPAT_CFLAGS) $($(2)_EXTRA) -Icompat/$(1)
$(call world,$(2)-$(1))

$(O)/xcpu-$(2)-$(1): $(call objs,$(2)-$(1),$(COMPAT_HOST) \
    $(wildcard compat/$(1)/*.c tests/compat/$(1)_*.c) tests/compat/compat_test.c)
	$$(call say,LD,$$@)
	$$(Q)$(CC) -pthread $($(2)_EXTRA) -o $$@ $$^
endef

# $(1) name
define compat_suites
$(foreach w,compat compat-many compat-up compat-tsan compat-asan,\
  $(eval $(call compat_way,$(1),$(w))))
SUITES += compat-$(1) compat-$(1)-tsan compat-$(1)-asan
compat-$(1)_RUN   = for n in 1 2 4 9; do \
	$(O)/xcpu-compat-$(1) cpus=$$$$n || exit; done; \
	$(O)/xcpu-compat-many-$(1) cpus=4 && $(O)/xcpu-compat-up-$(1) cpus=1
compat-$(1)_NEEDS = $(O)/xcpu-compat-$(1) $(O)/xcpu-compat-many-$(1) \
	$(O)/xcpu-compat-up-$(1) $(COMPAT_FREE_$(1))
compat-$(1)-tsan_RUN   = $(O)/xcpu-compat-tsan-$(1) cpus=4
compat-$(1)-tsan_NEEDS = $(O)/xcpu-compat-tsan-$(1)
compat-$(1)-asan_RUN   = $(O)/xcpu-compat-asan-$(1) cpus=4
compat-$(1)-asan_NEEDS = $(O)/xcpu-compat-asan-$(1)
endef

# As part of a kernel: its own worlds, for the include path.
define compat_kernel
compat-$(2)-$(1)_CC     := $(GCC_$(2))
compat-$(2)-$(1)_CFLAGS := $(CFLAGS_freestanding) $(CFLAGS_$(2)) \
	-Iport/template -Icompat/$(1)
$(call world,compat-$(2)-$(1))
COMPAT_FREE_$(1) += $(call objs,compat-$(2)-$(1),$(wildcard compat/$(1)/*.c))
endef

$(foreach c,$(COMPATS),\
  $(foreach a,x86_64 aarch64 riscv64,$(eval $(call compat_kernel,$(c),$(a))))\
  $(eval $(call compat_suites,$(c))))
