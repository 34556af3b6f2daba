# SPDX-License-Identifier: GPL-2.0-or-later
# Targets around the build: help, cleaning, formatting, editor support, checks.

.PHONY: help
help:
	@cat tools/build/help.txt

# Downloads and installed material outlive `clean`.
.PHONY: clean distclean
clean:
	$(Q)if [ -d '$(O)' ]; then find '$(O)' -mindepth 1 -maxdepth 1 \
		! -name material ! -name .config -exec rm -rf {} +; fi

distclean:
	$(Q)rm -rf '$(O)' compile_commands.json

ifeq ($(ARCH),host)
else
# The host side is a second run of this Makefile.
host-make = +$(Q)$(MAKE) --no-print-directory ARCH=host
sanitize-unit := -fsanitize=address,undefined -fno-sanitize-recover=all
sanitize-fuzz := $(sanitize-unit) -fsanitize=fuzzer-no-link

.PHONY: unit-tests fuzz-targets hostlib
hostlib unit-tests:
	$(host-make) O=$(O)/host SANITIZE='$(sanitize-unit)' \
		$(subst hostlib,lib,$@)

fuzz-targets:
	$(host-make) O=$(O)/fuzz HOSTCC=$(FUZZCC) SANITIZE='$(sanitize-fuzz)' $@
FUZZCC ?= clang
endif
