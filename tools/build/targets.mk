# SPDX-License-Identifier: GPL-2.0-or-later
# Targets around the build: help, cleaning, formatting, editor support, checks.

.PHONY: help
help:
	@cat tools/build/help.txt

# Downloads outlive `clean`.
.PHONY: clean distclean
clean:
	$(Q)if [ -d '$(O)' ]; then find '$(O)' -mindepth 1 -maxdepth 1 \
		! -name material ! -name .config -exec rm -rf {} +; fi

distclean:
	$(Q)rm -rf '$(O)' compile_commands.json

# Source files for the formatter: what git knows, so nothing generated.
CLANG_FORMAT ?= clang-format
c-files = git ls-files --cached --others --exclude-standard '*.c' '*.h'

.PHONY: format format-check
format:
	$(Q)$(c-files) | xargs $(CLANG_FORMAT) -i

format-check:
	$(Q)$(c-files) | xargs $(CLANG_FORMAT) --dry-run -Werror

# Headers compile alone: each in a file of its own.
public-headers := $(foreach f,libs arch core drivers emulators commands daemons \
	arch/$(ARCH),$(shell find $(f)/include -name '*.h' \
	-not -path '*/std/*' -not -name asm.h 2>/dev/null))

.PHONY: headers-check
headers-check: $(patsubst %,$(O)/headers/%.ok,$(public-headers))

$(O)/headers/%.ok: % $(O)/.flags
	$(say) HDR $*
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include "$*"' | $(CC) $(cc-flags) -MMD -MP -MT $@ \
		-MF $@.d -fsyntax-only -x c -
	$(Q)touch $@
ifneq ($(filter headers-check,$(MAKECMDGOALS)),)
  ifneq ($(ARCH),host)
    $(patsubst %,$(O)/headers/%.ok,$(public-headers)): | $(LIBFDT)
  endif
  -include $(patsubst %,$(O)/headers/%.ok.d,$(public-headers))
endif

# One line per object: its source, its name, its flags.
.PHONY: compile_commands.json
compile_commands.json: $(auto-conf)
	$(file >$(O)/commands.txt)
	$(foreach o,$(objs),$(file >>$(O)/commands.txt,$(o) $(CC) $(cc-flags) \
		$(if $(wildcard $(o:.o=.S)),$(AFLAGS) $(AFLAGS_$(o))) \
		$(CFLAGS_$(o))))
	$(Q)$(PYTHON) tools/build/compile_commands.py $(O) \
		<$(O)/commands.txt >$@

ifneq ($(ARCH),host)
# The host side is a second run of this Makefile.
host-make = +$(Q)$(MAKE) --no-print-directory ARCH=host
sanitize-unit := -fsanitize=address,undefined -fno-sanitize-recover=all
sanitize-fuzz := $(sanitize-unit) -fsanitize=fuzzer-no-link
FUZZCC ?= clang

.PHONY: unit-tests fuzz-targets hostlib tools
hostlib unit-tests:
	$(host-make) O=$(O)/host SANITIZE='$(sanitize-unit)' \
		$(subst hostlib,lib,$@)

fuzz-targets:
	$(host-make) O=$(O)/fuzz HOSTCC=$(FUZZCC) SANITIZE='$(sanitize-fuzz)' $@

# Programs for the person's machine, from the same sources as the image.
tools:
	$(Q)sh tools/deps tools
	$(host-make) O=$(O)/tools SANITIZE= $@

# `make check-unit` and so on run one stage of the checks.
.PHONY: check
check: deps-check
	$(Q)$(PYTHON) tools/check -O '$(O)' $(CHECK_ARGS)

check-%: deps-check
	$(Q)$(PYTHON) tools/check -O '$(O)' --only $* $(CHECK_ARGS)
endif
