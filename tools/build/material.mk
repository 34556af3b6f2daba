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

# $(call unpacked,PACKAGE,PATTERN): shell words that find one file of a package,
# which may be a link to another: socat of Debian 13 is.
unpacked = $$(find $(material)/$(1)/root -path '*/$(2)' -xtype f | head -n 1)

$(material)/libfdt/libfdt.a: $(material)/libfdt-dev/package
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)cp -R $(material)/libfdt-dev/root/usr/include $(@D)/include
	$(Q)cp $(call unpacked,libfdt-dev,libfdt.a) $@

$(material)/jsmn/jsmn.h: $(material)/libjsmn-dev/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,libjsmn-dev,jsmn.h) $@

# What guests boot, by the name it has in bundles: /images/NAME.
images := $(material)/images

# For the tests: the next Debian's kernel and QEMU, unpacked but not installed.
# On Debian 12 they come from bookworm-backports; on Debian 13 they are the
# normal ones.
newer-suite := $(if $(wildcard /etc/os-release),$(shell . /etc/os-release && \
	[ "$$VERSION_CODENAME" != bookworm ] || echo bookworm-backports))
# apt's state is of one architecture, so there are two folders.
newer := $(material)/newer
newer-host := $(material)/newer-host
newer-apt = $(PYTHON) tools/material/apt.py --suite $(newer-suite) \
	$(if $(APT_SOURCES),--sources '$(APT_SOURCES)')

$(newer)/%/package:
	$(Q)$(newer-apt) --dir $(newer) --arch $(ARCH) '$*$(meta)'
$(newer)/linux-image-%/package: meta := *
$(newer-host)/%/package:
	$(Q)$(newer-apt) --dir $(newer-host) \
		--arch $$(dpkg --print-architecture) '$*'
.PRECIOUS: $(newer)/%/package $(newer-host)/%/package

$(images)/Image-newer: $(newer)/$(kernel-package)/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,newer/$(kernel-package),boot/vmlinuz-*) $@

$(images)/Image: $(material)/$(kernel-package)/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,$(kernel-package),boot/vmlinuz-*) $@

$(images)/Image-full: $(material)/$(kernel-full-package)/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,$(kernel-full-package),boot/vmlinuz-*) $@

$(images)/u-boot.bin: $(material)/$(uboot-package)/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,$(uboot-package),$(uboot-file)) $@

$(images)/QEMU_EFI.fd: $(material)/$(uefi-package)/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,$(uefi-package),$(uefi-file)) $@

# A program of Linux for the example guest: compiled like the bare-metal ones.
powerkey := $(material)/powerkey/powerkey
$(powerkey): tools/material/powerkey.c arch/$(ARCH)/linux/program.h
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(guest-flags)) -fno-pie -nostdlib -static \
		-s -Wl,--build-id=none -o $@ $(filter %.c,$^)

# A guest's own way to the hypervisor: with a C library, statically linked.
soclectl := $(material)/soclectl/soclectl
$(soclectl): $(filter-out %/tcp.c,$(wildcard tools/soclectl/*.c)) \
		tools/soclectl/soclectl.h | $(MATERIAL)/jsmn/jsmn.h
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(cc-target) -std=gnu11 -Os -ffunction-sections -fdata-sections \
		-isystem $(MATERIAL)/jsmn -static -s -Wl,--gc-sections \
		-o $@ $(filter %.c,$^)

# VirtIO's drivers are modules in Debian's kernels, but for those that are built
# into one. A kernel of the person's own brings its drivers itself.
virtio-modules := virtio virtio_ring virtio_mmio virtio_blk virtio_console \
	rng-core virtio-rng failover net_failover virtio_net \
	vsock vmw_vsock_virtio_transport_common vmw_vsock_virtio_transport
virtio-kernel = $(if $(KERNEL),,$(kernel-package))
with-virtio = $(if $(1),--kernel $(material)/$(1)/root \
	--on-demand $(virtio-modules))

# Drivers that Debian's kernel leaves out (tools/material/linux), as modules for it.
linux-modules := $(material)/linux-modules
$(linux-modules)/release: $(material)/$(kernel-package)/package \
		tools/material/modules.py $(wildcard tools/material/linux/*)
	$(Q)$(PYTHON) -B tools/material/modules.py --dir $(material) \
		--arch $(ARCH) --kernel $(kernel-package) \
		--cross '$(CROSS_COMPILE)' -o $(@D) \
		$(if $(APT_SOURCES),--sources '$(APT_SOURCES)')
with-own-modules := --kernel $(linux-modules)/root --on-demand rpmsg_core rpmsg_ns \
	rpmsg_char rpmsg_ctrl virtio_rpmsg_bus uio_pdrv_genirq uio

initramfs = $(Q)$(PYTHON) tools/material/initramfs.py -o $@ \
	--busybox $(call unpacked,busybox-static,bin/busybox) \
	--file bin/powerkey=$(powerkey)

$(images)/initrd.cpio.gz: $(material)/busybox-static/package $(powerkey) \
		$(virtio-kernel:%=$(material)/%/package) \
		tools/material/initramfs.py tools/material/init \
		tools/material/profile tools/material/network tools/newc.py
	$(say) CPIO $@
	$(Q)mkdir -p $(@D)
	$(initramfs) $(call with-virtio,$(virtio-kernel))

# The same with drivers for devices of which Debian's full kernel has modules.
$(images)/initrd-full.cpio.gz: $(images)/initrd.cpio.gz $(soclectl) \
		$(material)/$(kernel-full-package)/package
	$(say) CPIO $@
	$(initramfs) $(call with-virtio,$(kernel-full-package)) \
		--file bin/soclectl=$(soclectl) \
		$(foreach m,$(kernel-full-modules),--module \
			$(call unpacked,$(kernel-full-package),drivers/$(m).ko*))

# Files given by the person: make must not fetch what these replace.
image-Image := $(or $(KERNEL),$(images)/Image)
image-Image-full := $(or $(KERNEL_FULL),$(images)/Image-full)
image-initrd.cpio.gz := $(or $(INITRD),$(images)/initrd.cpio.gz)
image-u-boot.bin := $(or $(UBOOT),$(images)/u-boot.bin)
image-initrd-full.cpio.gz := $(images)/initrd-full.cpio.gz
image-QEMU_EFI.fd := $(or $(UEFI),$(images)/QEMU_EFI.fd)

# Given files must exist: the rules above would try to make them.
named-file = $(if $(wildcard $($(1))),,\
	$(error $(1)=$(given-$(1)): there is no such file))$(if \
	$(wildcard $($(1))/.),$(error $(1)=$(given-$(1)): that is a directory))
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
material: $(LIBFDT) $(material)/jsmn/jsmn.h $(foreach i,Image initrd.cpio.gz u-boot.bin,\
	$(call image-file,$(i)))
material-full: material $(foreach i,Image-full initrd-full.cpio.gz QEMU_EFI.fd,\
	$(call image-file,$(i)))

# Where the tests find what is newer, if there is more than is installed.
.PHONY: check-newer
ifeq ($(newer-suite),)
check-newer: ;
else
check-newer: $(images)/Image-newer $(newer-host)/$(qemu-package)/package
	$(Q)mkdir -p $(O)/check/images $(O)/check/newer
	$(Q)ln -sfn '$(abspath $(images)/Image-newer)' \
		$(O)/check/images/Image-newer
	$(Q)ln -sfn \
		"$$(realpath $(call unpacked,newer-host/$(qemu-package),bin/$(qemu-program)))" \
		$(O)/check/newer/$(qemu-program)
endif

# Links to the images in use, by their names in bundles, for the tests.
.PHONY: check-images
check-images: $(foreach i,$(known-images),$(call image-file,$(i)))
	$(Q)mkdir -p $(O)/check/images
	$(Q)$(foreach i,$(known-images),\
		ln -sfn '$(abspath $(call image-file,$(i)))' \
		'$(O)/check/images/$(i)';)
