# SPDX-License-Identifier: GPL-2.0-or-later
# The host library, the unit tests and the fuzz targets (ARCH=host).

lib := $(O)/libsocle.a
host-libs := -lfdt

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

# By name: `make unit/test_list` builds and runs one test.
test-objs := $(addsuffix .o,$(unit-tests) $(fuzz-targets))
.SECONDARY: $(test-objs)
-include $(test-objs:.o=.d)
