# SPDX-License-Identifier: GPL-2.0-or-later
# Targets around the build: help, cleaning, formatting, editor support, checks.

# The machine's variables are the architecture's own.
.PHONY: help
help:
	@sed -e '/^@ARCH@$$/{' -e 'r arch/$(ARCH)/help.txt' -e d -e '}' \
		tools/build/help.txt

# Downloads outlive `clean`.
.PHONY: clean distclean
clean:
	$(Q)if [ -d '$(O)' ]; then find -H '$(O)' -mindepth 1 -maxdepth 1 \
		! -name material ! -name .config -exec rm -rf {} +; fi

distclean:
	$(Q)rm -rf $(call quoted,$(given-O)) '$(O)' compile_commands.json

# Source files for the formatter: what git knows, so nothing generated.
CLANG_FORMAT ?= clang-format
clang-format = $(PYTHON) -B tools/build/format.py \
	--clang-format '$(CLANG_FORMAT)'
c-files = git ls-files --cached --others --exclude-standard '*.c' '*.h'

.PHONY: format format-check
format:
	$(Q)$(c-files) | xargs $(clang-format)

format-check:
	$(Q)$(c-files) | xargs $(clang-format) --check

# The rules that a script can check (tools/lint), clang-tidy's, and the layout.
.PHONY: lint
lint: image clang-tidy
	$(Q)$(PYTHON) -B tools/lint -O '$(O)'
	$(Q)$(MAKE) --no-print-directory format-check

# cppcheck over the sources of the image, then of the architecture of unit tests
# and of the tests' guests, whose types and macros are others.
# tools/lint/cppcheck says what it leaves alone.
analysed := libs core commands daemons emulators drivers arch/$(ARCH)
analysed-apart := arch/host tests/guest/*.c $(guest-arch)
CPPCHECK ?= cppcheck
cppcheck = $(CPPCHECK) -q --std=c11 --platform=unix64 --inline-suppr \
	--enable=warning,portability,performance --error-exitcode=1 \
	--suppressions-list=tools/lint/cppcheck --cppcheck-build-dir='$(1)' \
	--include=$(autoconf-h) $(cppcheck-flags) $(common-includes) \
	-I$(O)/include -I.

.PHONY: cppcheck
cppcheck: $(auto-conf)
	$(Q)mkdir -p '$(O)/cppcheck' '$(O)/cppcheck-apart'
	$(Q)$(call cppcheck,$(O)/cppcheck) -Iarch/$(ARCH)/include $(analysed)
	$(Q)$(call cppcheck,$(O)/cppcheck-apart) -Iarch/host/include \
		-Iarch/host/guest/include -Itests/guest/include \
		-I$(guest-arch)/include $(analysed-apart)

# clang-tidy over the same files, with the flags of builds by clang, which further
# runs of this Makefile write down. .clang-tidy lists the checks.
CLANG_TIDY ?= clang-tidy
tidy-folder := $(O)/clang-tidy
tidy = $(PYTHON) -B tools/lint/tidy.py --program '$(CLANG_TIDY)' $(tidy-args)

.PHONY: clang-tidy clang-analyzer
clang-tidy: tidy-args := --checks='-clang-analyzer-*'
clang-tidy clang-analyzer: $(auto-conf) $(LIBFDT) $(MATERIAL)/jsmn/jsmn.h
	$(Q)mkdir -p '$(tidy-folder)'
	$(Q)cmp -s '$(config)' '$(tidy-folder)/.config' || \
		cp '$(config)' '$(tidy-folder)/.config'
	+$(Q)$(MAKE) --no-print-directory ARCH=$(ARCH) CC=clang \
		O='$(tidy-folder)' MATERIAL='$(MATERIAL)' \
		'$(tidy-folder)/compile_commands.json'
	+$(Q)$(MAKE) --no-print-directory ARCH=host TARGET=$(ARCH) HOSTCC=clang \
		O='$(tidy-folder)/host' '$(tidy-folder)/host/compile_commands.json'
	$(Q)$(tidy) -p '$(tidy-folder)'
	$(Q)$(tidy) -p '$(tidy-folder)/host' --below arch/host/

# Check that headers compile alone: each in a file of its own.
public-headers := $(foreach f,libs arch core drivers emulators commands daemons \
	arch/$(ARCH),$(shell find $(f)/include -name '*.h' \
	-not -path '*/std/*' -not -name asm.h 2>/dev/null))

.PHONY: headers-check
headers-check: $(patsubst %,$(O)/headers/%.ok,$(public-headers))

$(O)/headers/%.ok: % $(O)/.flags
	$(say) HDR $*
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include "$*"' | $(CC) $(cc-flags) $(arch-types) -MMD -MP -MT $@ \
		-MF $@.d -fsyntax-only -x c -
	$(Q)touch $@
ifneq ($(filter headers-check,$(MAKECMDGOALS)),)
  ifneq ($(ARCH),host)
    $(patsubst %,$(O)/headers/%.ok,$(public-headers)): | $(LIBFDT)
  endif
  -include $(patsubst %,$(O)/headers/%.ok.d,$(public-headers))
endif

# One line per object: its source, its name, its flags. Guests of the tests are
# objects below guest/.
guest-sources := $(if $(guest-arch),$(wildcard tests/guest/*.c \
	$(guest-arch)/*.c $(guest-arch)/*/*.c))
.PHONY: compile_commands.json $(O)/compile_commands.json
compile_commands.json $(O)/compile_commands.json: $(auto-conf)
	$(file >$(O)/commands.txt)
	$(foreach o,$(objs),$(file >>$(O)/commands.txt,$(o) $(CC) $(cc-flags) $(arch-types) \
		$(if $(wildcard $(o:.o=.S)),$(AFLAGS) $(AFLAGS_$(o))) \
		$(CFLAGS_$(o))))
	$(foreach s,$(guest-sources),$(file >>$(O)/commands.txt,\
		guest/$(s:.c=.o) $(CC) $(guest-flags)))
	$(Q)$(PYTHON) tools/build/compile_commands.py $(O) \
		<$(O)/commands.txt >$@

ifneq ($(ARCH),host)
# The host side is a second run of this Makefile.
host-make = +$(Q)$(MAKE) --no-print-directory ARCH=host TARGET=$(ARCH)
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
	$(Q)sh tools/deps tools $(ARCH)
	$(host-make) O=$(O)/tools SANITIZE= $@

# Plugins for the person's QEMU.
.PHONY: plugins
plugins:
	$(host-make) O=$(O)/plugins SANITIZE= $@

# `make check-unit` and so on run one stage of the checks.
.PHONY: check
check: deps-check
	$(Q)$(PYTHON) tools/check -O '$(O)' --arch $(ARCH) $(CHECK_ARGS)

# A bare Debian 13 below $(O), and both commands in it.
.PHONY: check-debian13
check-debian13:
	$(Q)sh tools/deps debian13 $(ARCH)
	$(Q)$(PYTHON) -B tools/debian13 -O '$(O)' --material '$(MATERIAL)' \
		$(DEBIAN13_ARGS)

check-%: deps-check
	$(Q)$(PYTHON) tools/check -O '$(O)' --arch $(ARCH) --only $* \
		$(CHECK_ARGS)
endif
