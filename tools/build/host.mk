# SPDX-License-Identifier: GPL-2.0-or-later
# The host library, the unit tests and the fuzz targets (ARCH=host).

lib := $(O)/libsocle.a
host-libs := -lfdt -Wl,-u,host_registries

all: lib

.PHONY: lib
lib: $(lib)

$(call flags-file,.objs,$(objs))
$(O)/.objs: ;

$(lib): $(addprefix $(O)/,$(objs)) $(O)/.objs
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $(filter %.o,$^)

# A unit test is one file, found by its name.
unit-tests := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
fuzz-targets := $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: unit-tests fuzz-targets
unit-tests: $(unit-tests)
fuzz-targets: $(fuzz-targets)

$(unit-tests): %: %.o $(lib)
	$(say) LD $@
	$(Q)$(CC) $(SANITIZE) -o $@ $< $(lib) -lcmocka $(host-libs)

$(fuzz-targets): %: %.o $(lib)
	$(say) LD $@
	$(Q)$(CC) $(SANITIZE) -fsanitize=fuzzer -o $@ $< $(lib) $(host-libs)

# A host program is one file of tools/. Emulators and commands are found by
# their registries only, which does not bring members of an archive in.
registered-objs := $(addprefix $(O)/,$(filter emulators/% commands/%,$(objs)))
tools := $(patsubst tools/%.c,$(O)/%,$(wildcard tools/*.c))

.PHONY: tools
tools: $(tools)

$(tools): $(O)/%: $(O)/tools/%.o $(registered-objs) $(lib)
	$(say) LD $@
	$(Q)$(CC) $(SANITIZE) -o $@ $< $(registered-objs) $(lib) $(host-libs)

test-objs := $(addsuffix .o,$(unit-tests) $(fuzz-targets)) \
	$(patsubst %.c,$(O)/%.o,$(wildcard tools/*.c))
.SECONDARY: $(test-objs)
-include $(test-objs:.o=.d)
