# SPDX-License-Identifier: GPL-2.0-or-later
# The host library, the unit tests and the fuzz targets (ARCH=host).

lib := $(O)/libsocle.a
# Pure files of $(TARGET): its guest platform, which tests and programs can use
# instead of the simulated host's, and files that only its own tests use.
target-lib := $(O)/lib$(TARGET).a
target-link := -Wl,-u,arch_guest_platform $(target-lib)
host-libs := -lfdt -Wl,-u,host_registries

all: lib

.PHONY: lib
lib: $(lib)

$(call flags-file,.objs,$(objs))
$(O)/.objs: ;

$(lib): $(addprefix $(O)/,$(sort $(portable-objs))) $(O)/.objs
$(target-lib): $(addprefix $(O)/,$(target-objs)) $(O)/.objs
$(lib) $(target-lib):
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $(filter %.o,$^)

# $(call including,WORDS,FILES): those that include one of the words.
including = $(if $(strip $(1)),$(shell grep -lE \
	'^.include.*($(subst $(space),|,$(strip $(1))))' $(2)))
# $(call of-arch,ARCHS): headers and tests that include files of an architecture,
# themselves or through a header.
arch-headers = $(notdir $(call including,$(1:%="arch/%/),tests/unit/*.h))
arch-headers2 = $(1) $(notdir $(call including,$(1),tests/unit/*.h))
of-arch = $(call including,$(1:%="arch/%/) $(call arch-headers2,$(call \
	arch-headers,$(1))),$(all-tests))

# A unit test is one file, found by its name. Files of other architectures than
# $(TARGET) are tested with these.
all-tests := $(wildcard tests/unit/test_*.c tests/fuzz/fuzz_*.c)
archs := $(filter-out host,$(notdir $(patsubst %/configs,%,$(wildcard \
	arch/*/configs))))
test-sources := $(filter-out $(call of-arch,$(filter-out $(TARGET),$(archs))),\
	$(all-tests))
unit-tests := $(patsubst %.c,$(O)/%,$(filter tests/unit/%,$(test-sources)))
fuzz-targets := $(patsubst %.c,$(O)/%,$(filter tests/fuzz/%,$(test-sources)))

.PHONY: unit-tests fuzz-targets
unit-tests: $(unit-tests)
fuzz-targets: $(fuzz-targets)

# Emulators and commands are found by their registries only, which does not bring
# members of an archive in. A test of what is true for every emulator is named here.
emulator-objs := $(addprefix $(O)/,$(filter emulators/%,$(objs)))
emulator-tests := $(addprefix $(O)/tests/,fuzz/fuzz_config fuzz/fuzz_emu \
	fuzz/fuzz_virtio \
	unit/test_config unit/test_config_memory unit/test_config_slots \
	unit/test_emu_kinds unit/test_fdtgen unit/test_guest_ports unit/test_host_platform)
# Those of one architecture's platform are among them by their names.
emulator-tests += $(foreach k,config config_slots emu_kinds fdtgen,$(addprefix \
	$(O)/tests/,$(addprefix unit/test_,$(archs:%=%_$(k))) \
	$(addprefix fuzz/fuzz_,$(archs:%=%_$(k)))))
$(emulator-tests): with-objs = $(emulator-objs)
$(emulator-tests): $(emulator-objs)
# Others of them need core's own locks and threads, where this has simple ones.
$(O)/tests/fuzz/fuzz_virtio: with-objs = $(filter \
	$(O)/emulators/virtio/%,$(emulator-objs))
$(O)/tests/fuzz/fuzz_emu: with-objs = $(filter-out \
	%/coprocessor.o,$(emulator-objs))
$(O)/tests/fuzz/fuzz_emu: with-objs = $(filter-out \
	$(O)/emulators/msg/%,$(emulator-objs))

# The policies of switches likewise.
net-tests := $(filter $(O)/tests/unit/test_net% $(O)/tests/fuzz/fuzz_net%,\
	$(unit-tests) $(fuzz-targets))
net-objs := $(addprefix $(O)/core/net/,bridge.o hub.o)
$(net-tests): with-objs = $(net-objs)

# The host's UARTs, for a test of what has a driver.
serial-objs := $(patsubst %.c,$(O)/%.o,$(filter-out drivers/serial/virtio_%,\
	$(wildcard drivers/serial/*.c)))
$(O)/tests/unit/test_board_trees: with-objs = $(serial-objs)
$(O)/tests/unit/test_board_trees: $(serial-objs)

# Policies that a test chooses by name.
policy-objs := $(addprefix $(O)/,$(filter core/sched/policy_%,$(objs)))
policy-tests := $(addprefix $(O)/tests/unit/,test_sched_pool test_sched_server \
	test_sched_arinc653 test_sched_fair test_sched_race \
	test_sched_walk)
$(policy-tests): $(policy-objs)
$(policy-tests): with-objs = $(filter-out %/policy_prio.o,$(policy-objs))
$(net-tests): $(net-objs)

# Tests that include files of $(TARGET), themselves or through a header of theirs,
# are compiled with its types and linked with its files; with its guest platform
# if they include something of that.
target-tests := $(patsubst %.c,$(O)/%,$(filter $(test-sources),\
	$(call of-arch,$(TARGET))))
platform-tests := $(patsubst %.c,$(O)/%,$(call including,\
	"arch/$(TARGET)/guest/,$(test-sources)))

target-types := $(addsuffix .o,$(target-tests)) $(addprefix $(O)/,$(target-objs))
$(target-types): arch-types = -Iarch/$(TARGET)/include

# Objects that include the types of VCPUs, guests or CPUs are in the library
# with those of the simulated host. Tests of $(TARGET) are linked with versions
# that use the types of $(TARGET) instead, since code must not get a struct vcpu
# of the other kind. The dependency files say which objects these are, once the
# library is built.
typed-dir := $(O)/$(TARGET)-types
typed-lib := $(O)/libsocle-$(TARGET).a
ifneq ($(filter typed-lib,$(MAKECMDGOALS)),)
  typed-objs := $(patsubst $(O)/%.d,%.o,$(shell grep -lF arch/host/guest/include \
	$(patsubst %.o,$(O)/%.d,$(sort $(portable-objs)))))
  typed-others := $(addprefix $(O)/,$(filter-out $(typed-objs),\
	$(sort $(portable-objs))))
  typed-objs := $(addprefix $(typed-dir)/,$(typed-objs))
  -include $(typed-objs:.o=.d)
endif

.PHONY: typed-lib
typed-lib: $(typed-objs) $(typed-others)
	$(say) AR $(typed-lib)
	$(Q)rm -f $(typed-lib)
	$(Q)$(AR) rcsD $(typed-lib) $^

$(typed-dir)/%.o: %.c $(O)/.flags
	$(say) CC $(patsubst $(O)/%,%,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(cc-flags) -Iarch/$(TARGET)/include $(CFLAGS_$*.o) -MMD -MP \
		-MF $(@:.o=.d) -c $< -o $@

$(typed-lib): $(lib)
	+$(Q)$(MAKE) --no-print-directory typed-lib

typed = $(shell for o in $(patsubst $(O)/%,%,$(1)); do if [ -f $(typed-dir)/$$o ]; \
	then echo $(typed-dir)/$$o; else echo $(O)/$$o; fi; done)

$(unit-tests) $(fuzz-targets): with-lib = $(with-objs) $(lib)
$(target-tests): $(typed-lib) $(target-lib)
$(target-tests): with-lib = $(call typed,$(with-objs)) $(target-lib) $(typed-lib)
$(platform-tests): with-lib = $(call typed,$(with-objs)) $(target-link) $(typed-lib)

$(unit-tests): %: %.o $(lib)
	$(say) LD $@
	$(Q)$(CC) $(SANITIZE) -o $@ $< $(with-lib) -lcmocka $(host-libs)

$(fuzz-targets): %: %.o $(lib)
	$(say) LD $@
	$(Q)$(CC) $(SANITIZE) -fsanitize=fuzzer -o $@ $< $(with-lib) $(host-libs)

# A host program is one file of tools/.
registered-objs := $(addprefix $(O)/,$(filter emulators/% commands/%,$(objs)))
tools := $(patsubst tools/%.c,$(O)/%,$(wildcard tools/*.c))

# What descriptions may #include stands beside the program that looks there.
dts-headers := $(patsubst %,$(O)/%,$(shell cd tools && find include -name '*.h'))

# soclectl has none of the hypervisor in it.
soclectl-sources := $(filter-out %_static.c,$(wildcard tools/soclectl/*.c))

.PHONY: tools
tools: $(tools) $(dts-headers) $(O)/soclectl

$(O)/soclectl: $(soclectl-sources) tools/soclectl/soclectl.h
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -Wshadow $(SANITIZE) -o $@ \
		$(soclectl-sources)

$(dts-headers): $(O)/%: tools/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

# It looks for the host's drivers too, and for what $(TARGET) needs.
$(O)/tools/board-trees.o: arch-types = -Iarch/$(TARGET)/include
$(O)/board-trees: $(serial-objs)
$(O)/board-trees: registered-objs += $(serial-objs)

# They are about guests of $(TARGET).
$(tools): $(O)/%: $(O)/tools/%.o $(registered-objs) $(target-lib) $(lib)
	$(say) LD $@
	$(Q)$(CC) $(SANITIZE) -o $@ $< $(registered-objs) $(target-link) $(lib) \
		$(host-libs)

# Plugins for QEMU's TCG: one file of tests/plugins each, with the core that all
# share. Not sanitized: QEMU is not. They decode the instructions of $(TARGET); there
# are none where nothing does.
plugin-arch := tests/plugins/$(TARGET)
plugin-names := $(if $(wildcard $(plugin-arch)/decode.h),$(filter-out core,\
	$(basename $(notdir $(wildcard tests/plugins/*.c)))))
plugins := $(patsubst %,$(O)/%.so,$(plugin-names))
plugin-objs := $(patsubst %,$(O)/tests/plugins/%.o,core $(plugin-names))
$(foreach p,core $(plugin-names),$(eval \
	CFLAGS_tests/plugins/$(p).o := -fPIC -O2 -I$(plugin-arch)))

.PHONY: plugins
plugins: $(plugins)

$(plugins): $(O)/%.so: $(O)/tests/plugins/%.o $(O)/tests/plugins/core.o
	$(say) LD $@
	$(Q)$(CC) $(SANITIZE) -shared -o $@ $^

test-objs := $(plugin-objs) $(serial-objs) \
	$(addsuffix .o,$(unit-tests) $(fuzz-targets)) \
	$(patsubst %.c,$(O)/%.o,$(wildcard tools/*.c))
.SECONDARY: $(test-objs)
-include $(test-objs:.o=.d)
