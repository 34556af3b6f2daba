# SPDX-License-Identifier: GPL-2.0-or-later
# Material that is not ours: guest kernels, user space, libfdt, from Debian.

material := $(MATERIAL)
apt := $(PYTHON) tools/material/apt.py --dir $(material) --arch $(ARCH) \
	$(if $(APT_SOURCES),--sources '$(APT_SOURCES)')

# A package's stamp is the file that names its version. A meta package stands
# for the one it depends on.
$(material)/%/package:
	$(Q)$(apt) '$*$(meta)'
$(material)/linux-image-%/package: meta := *
.PRECIOUS: $(material)/%/package

# $(call unpacked,PACKAGE,PATTERN): shell words that find one file of a package.
unpacked = $$(find $(material)/$(1)/root -path '*/$(2)' -type f | head -n 1)

$(material)/libfdt/libfdt.a: $(material)/libfdt-dev/package
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)cp -R $(material)/libfdt-dev/root/usr/include $(@D)/include
	$(Q)cp $(call unpacked,libfdt-dev,libfdt.a) $@

# What guests boot, by the name it has in bundles: /images/NAME.
images := $(material)/images

$(images)/Image: $(material)/linux-image-cloud-arm64/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,linux-image-cloud-arm64,boot/vmlinuz-*) $@

$(images)/Image-full: $(material)/linux-image-arm64/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,linux-image-arm64,boot/vmlinuz-*) $@

$(images)/u-boot.bin: $(material)/u-boot-qemu/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,u-boot-qemu,qemu_arm64/u-boot.bin) $@

$(images)/QEMU_EFI.fd: $(material)/qemu-efi-aarch64/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,qemu-efi-aarch64,QEMU_EFI.fd) $@

$(images)/initrd.cpio.gz: $(material)/busybox-static/package \
		tools/material/initramfs.py tools/material/init \
		tools/material/profile tools/newc.py
	$(say) CPIO $@
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tools/material/initramfs.py -o $@ \
		--busybox $(call unpacked,busybox-static,bin/busybox)

# The same with drivers for devices of which Debian's full kernel has modules.
full-modules := input/evdev input/keyboard/gpio_keys watchdog/sp805_wdt
$(images)/initrd-full.cpio.gz: $(images)/initrd.cpio.gz \
		$(material)/linux-image-arm64/package
	$(say) CPIO $@
	$(Q)$(PYTHON) tools/material/initramfs.py -o $@ \
		--busybox $(call unpacked,busybox-static,bin/busybox) \
		$(foreach m,$(full-modules),--module \
			$(call unpacked,linux-image-arm64,drivers/$(m).ko))

# The person's own instead: make must not fetch what it does not use.
image-Image := $(or $(KERNEL),$(images)/Image)
image-Image-full := $(or $(KERNEL_FULL),$(images)/Image-full)
image-initrd.cpio.gz := $(or $(INITRD),$(images)/initrd.cpio.gz)
image-u-boot.bin := $(or $(UBOOT),$(images)/u-boot.bin)
image-initrd-full.cpio.gz := $(images)/initrd-full.cpio.gz
image-QEMU_EFI.fd := $(or $(UEFI),$(images)/QEMU_EFI.fd)

# What is named has to be there: the rules above would try to make it.
named-file = $(if $(wildcard $($(1))),,\
	$(error $(1)=$($(1)): there is no such file))$(if \
	$(wildcard $($(1))/.),$(error $(1)=$($(1)): that is a directory))
$(foreach v,KERNEL KERNEL_FULL INITRD UBOOT UEFI,$(if $($(v)),$(call named-file,$(v))))
ifneq ($(LIBFDT),$(material)/libfdt/libfdt.a)
  $(call named-file,LIBFDT)
  $(if $(wildcard $(LIBFDT_INCLUDE)/libfdt.h),,$(error LIBFDT=$(LIBFDT): there \
	is no libfdt.h in $(LIBFDT_INCLUDE); LIBFDT_INCLUDE= names its folder))
endif

known-images := Image Image-full initrd.cpio.gz initrd-full.cpio.gz u-boot.bin \
	QEMU_EFI.fd
image-file = $(image-$(1))

.PHONY: material material-full
material: $(LIBFDT) $(foreach i,Image initrd.cpio.gz u-boot.bin,\
	$(call image-file,$(i)))
material-full: material $(foreach i,Image-full initrd-full.cpio.gz QEMU_EFI.fd,\
	$(call image-file,$(i)))

# Links to the images in use, by their names in bundles, for the tests.
.PHONY: check-images
check-images: $(foreach i,$(known-images),$(call image-file,$(i)))
	$(Q)mkdir -p $(O)/check/images
	$(Q)$(foreach i,$(known-images),\
		ln -sfn '$(abspath $(call image-file,$(i)))' \
		'$(O)/check/images/$(i)';)
