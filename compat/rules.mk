# SPDX-License-Identifier: BSD-2-Clause
#
# The interfaces of other systems over xcpu.  compat/NAME/ is an include path
# and a few .c files; tests/compat/NAME_*.c are its tests on the threads port: as
# it is, for 4096 CPUs, for one, and under each sanitizer.  And it is compiled as
# part of a kernel, against port/template.

COMPATS := netbsd dragonfly xnu theseus

COMPAT_HOST := $(LIB_SRCS) $(filter-out \
	port/linux/main.c port/linux/selftest.c,$(wildcard port/linux/*.c))

# Rust: Debian's, or another, whose warnings may be others; without any the suites
# have nothing to build, and the test run misses the tool.
RUSTC := $(firstword $(wildcard /usr/bin/rustc) $(shell command -v rustc))
RUSTFLAGS := --edition 2021 -O -C panic=abort -C force-unwind-tables=no \
	$(if $(filter /usr/bin/rustc,$(RUSTC)),-D warnings)

# $(1) file, $(2) source, $(3) kind of crate, $(4) name, $(5) crates it uses
define rust_crate
$(O)/rust/$(1): $(2) $(foreach c,$(5),$(O)/rust/lib$(c).rlib) $(O)/rust/flags
	$$(call say,RUSTC,$$@)
	$$(Q)$(RUSTC) $(RUSTFLAGS) -L $(O)/rust --crate-type $(3) \
	    --crate-name $(4) $(foreach c,$(5),--extern $(c)) \
	    $(if $(filter interrupts,$(5)),--cfg tlb_shootdown_ipi) -o $$@ $$<
endef
$(O)/rust/flags: FORCE
	@mkdir -p $(@D)
	@echo $(RUSTC) $(RUSTFLAGS) | cmp -s - $@ || \
	    echo $(RUSTC) $(RUSTFLAGS) >$@
$(eval $(call rust_crate,libmemory.rlib,compat/theseus/memory.rs,rlib,memory))
$(eval $(call rust_crate,libinterrupts.rlib,tests/compat/theseus_interrupts.rs,\
    rlib,interrupts))
$(eval $(call rust_crate,libtlb_shootdown.rlib,compat/theseus/tlb_shootdown.rs,\
    rlib,tlb_shootdown,memory interrupts))
$(eval $(call rust_crate,libplain.rlib,compat/theseus/tlb_shootdown.rs,\
    rlib,tlb_shootdown,memory))
$(eval $(call rust_crate,libdriver.a,tests/compat/theseus_driver.rs,staticlib,\
    theseus_driver,memory interrupts tlb_shootdown))

COMPAT_LIBS_theseus   := $(O)/rust/libdriver.a
COMPAT_ALSO_theseus   := $(O)/rust/libplain.rlib
COMPAT_TOOLS_theseus  := $(or $(RUSTC),rustc)
COMPAT_LACKS_theseus  := $(if $(RUSTC),,rustc)

# XNU's lapic_send_ipi() is over port/x86_64-apic; the tests give it registers in
# memory, on any machine.  And its tests are run with PCIDs, too.
COMPAT_CPPFLAGS_xnu := -Iport/x86_64-apic
COMPAT_MORE_SRCS_xnu := port/x86_64-apic/apic.c tests/unit/apic/apic_mock.c
COMPAT_TEST_CPPFLAGS_xnu := -Itests/unit/apic \
	-DXCPU_APIC_REGS_HEADER='"apic_mock.h"'
COMPAT_WORLDS_xnu := compat-pcid

# The library and its host for many CPUs, and for one; else it is that of
# xcpu-threads.  gcc warns of what loops over other CPUs would do to the last one.
compat-many_EXTRA := -DXCPU_NCPU_MAX=4096
compat-up_EXTRA   := -DXCPU_NCPU_MAX=1 -Wno-stringop-overflow -Wno-array-bounds
compat-pcid_EXTRA := -DXCPU_NCPU_MAX=256 -DHOST_ASIDS=1
define compat_world
$(1)_CC     := $(CC)
$(1)_CFLAGS := $(CFLAGS_common) $($(1)_EXTRA) -Iport/linux -Iwork -pthread
$(call world,$(1))
endef
$(foreach w,compat-many compat-up compat-pcid,$(eval $(call compat_world,$(w))))

# $(1) name, $(2) the world of the library: the program is xcpu-WORLD-NAME.
# DragonFly's callers cast functions of two arguments, as they were told to.
define compat_program
$(2)-$(1)_CC     := $(CC)
$(2)-$(1)_CFLAGS := $($(2)_CFLAGS) -Icompat/$(1) -Itests/compat \
	-Itests/compat/host -Wno-cast-function-type $(COMPAT_CPPFLAGS_$(1)) \
	$(COMPAT_TEST_CPPFLAGS_$(1))
$(call world,$(2)-$(1))

$(O)/xcpu-$(2)-$(1): $(call objs,$(2),$(COMPAT_HOST)) $(call objs,$(2)-$(1),\
    $(wildcard compat/$(1)/*.c tests/compat/$(1)_*.c) tests/compat/compat_test.c \
    $(COMPAT_MORE_SRCS_$(1))) $(COMPAT_LIBS_$(1))
	$$(call say,LD,$$@)
	$$(Q)$(CC) -pthread $($(2)_EXTRA) -o $$@ $$^
endef

# $(1) name, $(2) architecture
define compat_kernel
compat-$(2)-$(1)_CC     := $(GCC_$(2))
compat-$(2)-$(1)_CFLAGS := $(CFLAGS_freestanding) $(CFLAGS_$(2)) \
	-Iport/template -Icompat/$(1) $(COMPAT_CPPFLAGS_$(1))
$(call world,compat-$(2)-$(1))
COMPAT_KERNEL_$(1) += $(call objs,compat-$(2)-$(1),$(wildcard compat/$(1)/*.c))
endef

# Masks are words of 32 bits in the original.
COMPAT_MORE_dragonfly := cpus=40 only=above
COMPAT_MORE_xnu := cpus=40 only=above

# $(1) name
define compat_suites
SUITES += compat-$(1) compat-$(1)-sanitized
compat-$(1)_RUN   = for n in cpus=1 cpus=2 cpus=4 cpus=9 \
	$(if $(COMPAT_MORE_$(1)),$(call quote,$(COMPAT_MORE_$(1)))); do \
	$(O)/xcpu-threads-$(1) $$$$n || exit; done; \
	$(O)/xcpu-compat-many-$(1) && $(O)/xcpu-compat-up-$(1) cpus=1 && \
	$(COMPAT_WORLDS_$(1):%=$(O)/xcpu-%-$(1) &&) \
	python3 tests/compat/symbols.py $(COMPAT_KERNEL_$(1))
compat-$(1)_NEEDS = $(if $(COMPAT_LACKS_$(1)),,$(O)/xcpu-threads-$(1) \
	$(O)/xcpu-compat-many-$(1) $(O)/xcpu-compat-up-$(1) \
	$(COMPAT_KERNEL_$(1)) $(COMPAT_ALSO_$(1)) \
	$(COMPAT_WORLDS_$(1):%=$(O)/xcpu-%-$(1)))
compat-$(1)_TOOLS = $(GCC_aarch64) $(GCC_riscv64) $(COMPAT_TOOLS_$(1))
compat-$(1)-sanitized_RUN   = $(THREADS_SANITIZED:%=$(O)/xcpu-%-$(1) &&) true
compat-$(1)-sanitized_NEEDS = $(if $(COMPAT_LACKS_$(1)),,\
	$(THREADS_SANITIZED:%=$(O)/xcpu-%-$(1)))
compat-$(1)-sanitized_TOOLS = $(COMPAT_TOOLS_$(1))
endef

$(foreach c,$(COMPATS),\
  $(foreach w,threads compat-many compat-up $(THREADS_SANITIZED) \
    $(COMPAT_WORLDS_$(c)),\
    $(eval $(call compat_program,$(c),$(w))))\
  $(foreach a,x86_64 aarch64 riscv64,$(eval $(call compat_kernel,$(c),$(a))))\
  $(eval $(call compat_suites,$(c))))
