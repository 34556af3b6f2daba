# SPDX-License-Identifier: GPL-2.0-or-later
# Paths that people give. A blank ends a word for make, so a path with one is
# used through a symbolic link below build/paths (unspaced.sh). The original is
# kept as given-NAME, for messages and for the shell. The path of the tree needs
# no link: all names are relative to it.

# One word of the shell.
quoted = '$(subst ','\'',$(1))'

define unspaced
given-$(1) := $$($(1))
ifneq ($$(findstring $$(space),$$($(1))),)
  override $(1) := $$(shell $(2) sh tools/build/unspaced.sh $$(call quoted,$$($(1))))
  ifneq ($$(.SHELLSTATUS),0)
    $$(error $(1)=$$(given-$(1)): no link to it can be made)
  endif
endif
endef
$(foreach v,O MATERIAL,$(if $($(v)),$(eval $(call unspaced,$(v),\
	mkdir -p $$(call quoted,$$($(v))) &&))))
$(foreach v,LIBFDT LIBFDT_INCLUDE KERNEL KERNEL_FULL INITRD UBOOT UEFI XEN,\
	$(if $($(v)),$(eval $(call unspaced,$(v)))))

# What is built is removed by `make clean`, so sources must not be among it.
ifeq ($(O),)
  $(error O= names no folder for what is built; without it, that is `build`)
endif
ifneq ($(shell out=$$(cd $(call quoted,$(given-O)) 2>/dev/null && pwd -P) && \
	case "$$(pwd -P)/" in ("$${out%/}"/*) echo inside;; esac),)
  $(error O=$(given-O): the sources are in it, and `make clean` would remove \
	them; name a folder of its own, such as `build`)
endif
