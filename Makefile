# SPDX-License-Identifier: BSD-2-Clause
#
# The build of xcpu: GNU make, nothing to configure.  `make help` lists the
# targets; ./x is the same for people, and installs what is missing first.
#
#   O=DIR      where everything built goes (default build)
#   V=1        print the commands
#   ARCH=      x86_64 (default), aarch64, riscv64: of `make lib` and the kernel;
#              all: `make run` and `make plant` go through them
#   CC=        the compiler of `make lib` and of every hosted program
#   DEBUG=     what debuggers are told: -g for variables, too (default -g1)
#
# Each room (folder) that has something to build has a rules.mk, which this
# file includes.  A room uses three things from here and appends to two:
#
#   $(eval $(call world,NAME))     A world is one way to compile: the objects
#       go to $(O)/NAME/, built by $(NAME_CC) with $(NAME_CFLAGS); both are set
#       before the call.  src/ is compiled once in each world that links it.
#   $(call objs,NAME,FILES)        The objects of these .c and .S files there.
#   $(call say,WORD,FILE) and $(Q) Start a recipe with `$(call say,LD,$@)`, and
#       put $(Q) before each command, so that V=1 means the same everywhere.
#
#   PROGRAMS += FILE               Built by `make all`.
#   SUITES += NAME                 A test suite of `make test`, with
#       NAME_RUN     the command; prints TAP, with a plan
#       NAME_NEEDS   the files to build before it (may be empty)
#       NAME_TIME    its limit in seconds (300), to end what hangs
#       NAME_TOOLS   commands that it cannot do without (may be empty)
#
#   COMMANDS += NAME               A command of ./x, and a target, with
#       NAME_CMD     a program, to which the words of ./x NAME are added
#       NAME_NEEDS   the files to build before it
#
# From the rooms, `make run` and `make bench` need KERNEL (the ELF file),
# THREADS (the program of the threads port), TRACE_FILE (what TRACE= becomes),
# BENCH_NEEDS and BENCH_RUN; `make sizes` needs PORT_BUILDS.

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

O    ?= build
ARCH ?= x86_64
V    ?= 0
DEBUG := -g1
VERSION := $(shell cat VERSION)

# ---- Saying what happens -------------------------------------------------

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-6s %s\n' $(1) $(2))
quote = '$(subst ','\'',$(1))'

# ---- Compilers and flags -------------------------------------------------

# A further architecture: its line in each of these, and kernel/arch/ARCH.
ARCHS := x86_64 aarch64 riscv64
HOST_ARCH := $(shell uname -m)
GCC_x86_64  := $(if $(filter x86_64,$(HOST_ARCH)),gcc,x86_64-linux-gnu-gcc)
GCC_aarch64 := aarch64-linux-gnu-gcc
GCC_riscv64 := riscv64-linux-gnu-gcc
ifeq ($(ARCH),all)
GCC_all := gcc
ifneq ($(filter-out kernel run plant,$(or $(MAKECMDGOALS),all)),)
$(error ARCH=all is for `make run`, `make plant` and `make kernel`)
endif
endif
ifeq ($(filter $(ARCH),$(ARCHS) all),)
$(error ARCH=$(ARCH) is unknown; there are: $(ARCHS) all)
endif
ifeq ($(origin CC),default)
CC := $(GCC_$(ARCH))
endif

WARN := -Wall -Wextra -Werror -Wundef -Wvla -Wwrite-strings \
	-Wstrict-prototypes -Wmissing-prototypes
CFLAGS_common := -std=gnu11 -O2 $(DEBUG) $(WARN) -fno-common -Iinclude

# What a kernel needs of its compiler.  The atomics of this library are at
# least 32 bits wide, so that no target turns one into a call.
CFLAGS_x86_64  := -mno-red-zone -mgeneral-regs-only -mprfchw
CFLAGS_aarch64 := -mno-outline-atomics -mgeneral-regs-only
CFLAGS_riscv64 := -mcmodel=medany -msmall-data-limit=0
CFLAGS_freestanding := $(CFLAGS_common) -ffreestanding -fno-pie \
	-fno-stack-protector -fno-unwind-tables -fno-asynchronous-unwind-tables
target = $(if $(findstring clang,$(1)),--target=$(2)-linux-gnu)

# ---- Worlds: src/ compiled for somebody ----------------------------------

objs = $(patsubst %,$(O)/$(1)/%.o,$(basename $(2)))

# The file `flags` is touched when the command changes, and all follows it.
define world
$(O)/$(1)/flags: FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' $$(call quote,$$($(1)_CC) $$($(1)_CFLAGS)) | \
	    cmp -s - $$@ || \
	    printf '%s\n' $$(call quote,$$($(1)_CC) $$($(1)_CFLAGS)) >$$@

$(O)/$(1)/%.o: %.c $(O)/$(1)/flags
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$($(1)_CC) $$($(1)_CFLAGS) -MMD -MP -c -o $$@ $$<

$(O)/$(1)/%.o: %.S $(O)/$(1)/flags
	$$(call say,AS,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$($(1)_CC) $$($(1)_CFLAGS) -MMD -MP -c -o $$@ $$<
endef

# ---- The library ---------------------------------------------------------

# src/xcpu_all.c is the unity build: it includes each of the others.
LIB_SRCS := $(sort $(filter-out src/xcpu_all.c,$(wildcard src/*.c)))
PORT     ?= template

lib_CC     = $(CC) $(call target,$(CC),$(ARCH))
lib_CFLAGS = $(CFLAGS_freestanding) $(CFLAGS_$(ARCH)) -Iport/$(PORT)
$(eval $(call world,lib))

LIB := $(O)/libxcpu.a
$(LIB): $(call objs,lib,$(LIB_SRCS))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcsD $@ $^

UNITY := $(call objs,lib,$(wildcard src/xcpu_all.c))

.PHONY: all lib
all: lib
lib: $(LIB) $(UNITY)

# ---- Freestanding builds against port/template ---------------------------

# Six of the core, for which there is a limit, and six of all that there is.
CORE_ONLY := -DXCPU_MSG_SLOTS=0 -DXCPU_NOTIFIERS=0 -DXCPU_FLUSH_KICK=0
FREESTANDING := $(foreach b,core full,$(foreach a,$(ARCHS),\
	$(b)-$(a)-gcc $(b)-$(a)-clang))

# $(1) world, $(2) architecture, $(3) compiler, $(4) options
define freestanding
$(1)_CC     := $(3) $(call target,$(3),$(2))
$(1)_CFLAGS := $(CFLAGS_freestanding) $(CFLAGS_$(2)) -Iport/template $(4)
$(call world,$(1))
endef
$(foreach a,$(ARCHS),\
  $(eval $(call freestanding,core-$(a)-gcc,$(a),$(GCC_$(a)),$(CORE_ONLY)))\
  $(eval $(call freestanding,core-$(a)-clang,$(a),clang,$(CORE_ONLY)))\
  $(eval $(call freestanding,full-$(a)-gcc,$(a),$(GCC_$(a)),))\
  $(eval $(call freestanding,full-$(a)-clang,$(a),clang,)))

FREE_OBJS := $(foreach w,$(FREESTANDING),$(call objs,$(w),$(LIB_SRCS)))

.PHONY: freestanding sizes
freestanding: $(FREE_OBJS)
	$(Q)$(freestanding_RUN)
sizes: $(FREE_OBJS)
	$(Q)python3 tools/sizes write --out $(O) $(FREESTANDING) $(PORT_BUILDS)

SUITES += freestanding
freestanding_RUN   = python3 tools/sizes check --out $(O) $(FREESTANDING) \
	$(PORT_BUILDS)
freestanding_NEEDS = $(FREE_OBJS)
freestanding_TOOLS = clang $(foreach a,$(ARCHS),$(GCC_$(a)))

# ---- Rooms ---------------------------------------------------------------

# The ports first: other rooms use what they define.
include $(sort $(wildcard port/*/rules.mk))
include $(sort $(wildcard */rules.mk tests/*/rules.mk))

all: $(PROGRAMS)

# ---- Tests ---------------------------------------------------------------

SUITES += tidy
tidy_RUN   = python3 tools/tidy --tap --lib $(LIB)
tidy_NEEDS = $(LIB) $(UNITY)

# tests/tools/test_NAME.py is the suite tool-NAME; a room may say how to run it.
TOOL_TESTS := $(patsubst tests/tools/test_%.py,%,$(wildcard tests/tools/test_*.py))
SUITES += $(TOOL_TESTS:%=tool-%)
$(foreach t,$(TOOL_TESTS),$(eval tool-$(t)_RUN ?= python3 tests/tools/test_$(t).py))
tool-lint_TOOLS  = shellcheck codespell
tool-sizes_TOOLS = $(foreach a,$(ARCHS),$(GCC_$(a)))

# Each patch of tests/plants/ must be caught by its own report.
ifneq ($(wildcard tests/plants/*.patch),)
SUITES += plants
plants_RUN   = python3 tools/plants --out $(O) --arch $(ARCH) test
plants_NEEDS = $(KERNEL) $(THREADS)
plants_TIME  = 480
plants_TOOLS = patch qemu-system-$(ARCH)
endif

# `make test SUITE="unit tidy"` runs only these.
SUITE ?= $(SUITES)
BEGUN := $(shell date +%s)
describe = --suite $(call quote,$(1)|$(or $($(1)_TIME),300)|$($(1)_TOOLS)|$($(1)_RUN))

.PHONY: test unit tidy features
test: $(foreach s,$(SUITE),$($(s)_NEEDS))
	$(Q)python3 tools/test --out $(O) --begun $(BEGUN) \
	    $(if $(filter-out $(SUITE),$(SUITES)),,--features) \
	    $(foreach s,$(SUITE),$(if $($(s)_RUN),$(call describe,$(s)),$(error \
	    no suite is called $(s); there are: $(SUITES))))
unit:
	$(Q)$(MAKE) --no-print-directory test SUITE="$(filter unit%,$(SUITES))"
tidy: $(LIB)
	$(Q)python3 tools/tidy --lib $(LIB)
features:
	@python3 tools/features $(O)/tap

# ---- Running -------------------------------------------------------------

# The kernel and the threads program take the same key=value words; here each
# is a make variable of that name: `make run CPUS=8 seed=3 work=calls`.
KEYS := work ops seconds seed relax place order mode faults selftest oracle
KEYS += form lazy entry bound kick tlb asids off
CPUS ?= 4
words = $(foreach k,$(KEYS),$(if $(filter command,$(origin $(k))),$(k)=$($(k))))

.PHONY: kernel threads run run-threads plant bench
kernel: $(KERNEL)
threads: $(THREADS)
# All that were asked for; what failed with one of them is said at the end, too.
run: $(KERNEL) $(TRACE_FILE)
	$(Q)failed=; for kernel in $(KERNEL); do \
	    python3 tools/run-qemu --kernel $$kernel --cpus $(CPUS) \
	    $(if $(MEMORY),--memory $(MEMORY)) \
	    $(if $(TIMEOUT),--timeout $(TIMEOUT)) $(if $(filter 1,$(V)),--verbose) \
	    $(if $(TRACE_FILE),--module $(TRACE_FILE)) -- $(words) || \
	    failed="$$failed $$kernel"; \
	done; [ -z "$$failed" ] || { echo "run: failed:$$failed"; exit 1; }
run-threads: $(THREADS) $(TRACE_FILE)
	$(Q)$(THREADS) cpus=$(CPUS) $(if $(TRACE_FILE),trace=$(TRACE_FILE)) $(words)
plant:
	$(Q)python3 tools/plants --out $(O) --arch $(ARCH) $(PLANT)
bench: $(BENCH_NEEDS)
	$(Q)$(BENCH_RUN)

# ---- Commands of ./x -------------------------------------------------------

COMMANDS += explore sim
explore_CMD   ?= $(O)/xcpu-explore
explore_NEEDS ?= $(O)/xcpu-explore
sim_CMD       ?= $(O)/xcpu-sim
sim_NEEDS     ?= $(O)/xcpu-sim

# $(1) name; `make NAME ARGS="..."` is for those who do without ./x.
define command
.PHONY: $(1) need-$(1) say-$(1)
$(1): $$($(1)_NEEDS)
	$$(Q)$$($(1)_CMD) $$(ARGS)
need-$(1): $$($(1)_NEEDS)
say-$(1):
	@echo $$($(1)_CMD)
endef
$(foreach c,$(sort $(COMMANDS)),$(eval $(call command,$(c))))

# ---- The rest ------------------------------------------------------------

.PHONY: clean help FORCE
clean:
	rm -rf $(O)
help:
	@echo 'all          the library and every program (default)'
	@echo 'lib          libxcpu.a, and the unity build'
	@echo 'freestanding src/ for three architectures with two compilers, checked'
	@echo 'sizes        the same, and the table in README.md written'
	@echo 'test         every suite; SUITE="a b" for some: $(SUITES)'
	@echo 'unit tidy    these suites alone'
	@echo 'features     which tests passed for which feature, in the last run'
	@echo 'run          the kernel in QEMU; CPUS= MEMORY= TIMEOUT= TRACE= ARCH=all'
	@echo 'run-threads  the same work on the threads port; CPUS= TRACE='
	@echo '             both take the words $(KEYS)'
	@echo 'plant        PLANT=NAME: plants a defect and sees it caught; PLANT=help'
	@echo 'bench        measurements'
	@echo 'also, with ARGS="--help": $(sort $(COMMANDS))'
	@echo 'clean        removes $(O)'

# Not of the copies that patches go into.
COPIES := $(O)/plants $(O)/mutants
-include $(filter-out $(COPIES:%=%/%),$(shell find $(O) -name '*.d' 2>/dev/null))
