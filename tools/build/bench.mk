# SPDX-License-Identifier: GPL-2.0-or-later
# The measuring guests of tests/bench/<arch>, $(O)/bench/NAME.bin and .elf, and the
# commands that measure with them (docs/design/measuring.md).

bench-dir := $(O)/bench
# Names of the guests; files that all of them have, and those of each. Guests of
# tests/guest that are measured too.
bench-guests :=
bench-others :=
bench-y :=
include $(wildcard tests/bench/$(ARCH)/Makefile)
bench-objs := $(foreach f,$(bench-y) $(foreach g,$(bench-guests),$(bench-$(g)-y)),\
	$(bench-dir)/$(f).o)

# No padding before a loop: a NOP there would count as the measured code does.
bench-flags := -fno-align-loops -fno-align-jumps -fno-align-labels

bench-goals := bench-guest bench-parts bench-linux-parts check-programs $(bench-dir)/%
ifneq ($(filter $(bench-goals),$(MAKECMDGOALS)),)
  $(call flags-file,bench/.flags,$(CC) $(guest-flags) $(bench-flags))
endif
$(bench-dir)/.flags: ;

$(bench-dir)/%.o: tests/bench/$(ARCH)/%.c $(bench-dir)/.flags | $(LIBFDT)
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) $(bench-flags) -isystem $(LIBFDT_INCLUDE) \
		-MMD -MP -MF $(@:.o=.d) -c $< -o $@

$(bench-dir)/%.o: tests/bench/$(ARCH)/%.S $(bench-dir)/.flags
	$(say) AS $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) -D__ASSEMBLY__ -MMD -MP -MF $(@:.o=.d) \
		-c $< -o $@

# libfdt wants string functions; ours are the image's own.
$(foreach g,$(bench-guests),$(eval $(bench-dir)/$(g).elf: \
	$(foreach f,$(bench-y) $(bench-$(g)-y),$(bench-dir)/$(f).o)))
$(bench-guests:%=$(bench-dir)/%.elf): $(guest-lds) $(LIBFDT) \
		$(O)/libs/string.o
	$(say) LD $@
	$(Q)$(LD) -pie --no-dynamic-linker -z norelro -z noexecstack \
		--build-id=none -e _start -T $(guest-lds) -o $@ \
		$(filter $(bench-dir)/%.o,$^) $(O)/libs/string.o $(LIBFDT)

$(bench-guests:%=$(bench-dir)/%.bin): %.bin: %.elf
	$(Q)$(OBJCOPY) -O binary $< $@

-include $(bench-objs:.o=.d)

.PHONY: bench-guest
bench-guest: $(bench-guests:%=$(bench-dir)/%.bin)
	$(if $(bench-others),$(Q)$(MAKE) --no-print-directory \
		$(bench-others:%=$(O)/guest/%.bin))

# Xen, to compare with, and Linux with what is run in it.
XEN ?= $(images)/xen
linux-initrd := $(bench-dir)/linux.cpio.gz

$(images)/xen: $(material)/$(xen-package)/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,$(xen-package),$(xen-file)) $@

$(bench-dir)/load: tests/bench/linux/load.c arch/$(ARCH)/linux/program.h \
		tests/plugins/$(ARCH)/marks.h $(bench-dir)/.flags
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(guest-flags)) -fno-pie -nostdlib -static \
		-Wl,--build-id=none -o $@ $<

library = $(call unpacked,libc6,$(1))
$(linux-initrd): $(bench-dir)/load tests/bench/linux/profile \
		$(foreach p,busybox-static rt-tests libc6,\
		$(material)/$(p)/package) tools/material/initramfs.py \
		tools/material/init tools/newc.py
	$(say) CPIO $@
	$(Q)$(PYTHON) tools/material/initramfs.py -o $@ \
		--busybox $(call unpacked,busybox-static,bin/busybox) \
		--file etc/profile=tests/bench/linux/profile \
		--file bin/load=$(bench-dir)/load \
		--file bin/hackbench=$(call unpacked,rt-tests,bin/hackbench) \
		--file lib/$(libc-loader)=$(call library,$(libc-loader)) \
		--file lib/libc.so.6=$(call library,libc.so.6) \
		--file lib/libpthread.so.0=$(call library,libpthread.so.0)

# Programs of Debian's with their libraries: fio wants some sixty.
fio-initrd := $(bench-dir)/fio.cpio
libraries-of = $$(sed 's|.*|$(material)/&|' $(1:%=$(material)/%/libraries))
$(material)/%/libraries:
	$(Q)$(apt) --libraries '$*'

$(fio-initrd): $(bench-dir)/load tests/bench/linux/fio-profile \
		$(material)/busybox-static/package \
		$(material)/fio/libraries $(material)/iperf3/libraries \
		$(material)/$(kernel-package)/package \
		tools/material/initramfs.py tools/material/libraries.py \
		tools/material/init tools/material/network tools/newc.py
	$(say) CPIO $@
	$(Q)$(PYTHON) -B tools/material/initramfs.py -o $@ \
		--busybox $(call unpacked,busybox-static,bin/busybox) \
		--kernel $(material)/$(kernel-package)/root --on-demand \
			$(virtio-modules) virtio_pci_modern_dev \
			virtio_pci_legacy_dev virtio_pci \
			xen-blkfront xen-netfront \
		--file etc/profile=tests/bench/linux/fio-profile \
		--file bin/load=$(bench-dir)/load \
		--program bin/fio=$(call unpacked,fio,bin/fio) \
		--program bin/iperf3=$(call unpacked,iperf3,bin/iperf3) \
		--libraries $(call libraries-of,fio iperf3)

# Linux's own measuring of itself, for the tests.
perf-initrd := $(images)/initrd-perf.cpio.gz

$(perf-initrd): $(bench-dir)/load $(material)/busybox-static/package \
		$(material)/linux-perf/libraries tools/material/initramfs.py \
		tools/material/libraries.py tools/material/init tools/newc.py
	$(say) CPIO $@
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) -B tools/material/initramfs.py -o $@ \
		--busybox $(call unpacked,busybox-static,bin/busybox) \
		--file bin/load=$(bench-dir)/load \
		--program bin/perf=$(call unpacked,linux-perf,bin/perf) \
		--libraries $(call libraries-of,linux-perf)

# Guests that talk to each other, for the tests: sockets of the family AF_VSOCK,
# RPMSG's character devices, and shared memory. Streams by socat, the others by
# programs of our own.
messages-initrd := $(images)/initrd-messages.cpio.gz
message-programs := $(addprefix $(bench-dir)/,vsock rpmsg ring)

$(message-programs): $(bench-dir)/%: tests/guest/linux/%.c tests/guest/linux/say.h \
		arch/$(ARCH)/linux/program.h $(bench-dir)/.flags
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fPIE,$(guest-flags)) -fno-pie -nostdlib -static \
		-Wl,--build-id=none -o $@ $<

$(messages-initrd): $(message-programs) $(soclectl) \
		$(material)/busybox-static/package \
		$(material)/socat/libraries $(linux-modules)/release \
		$(material)/$(kernel-package)/package \
		tools/material/initramfs.py tools/material/libraries.py \
		tools/material/init tools/material/network tools/newc.py
	$(say) CPIO $@
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) -B tools/material/initramfs.py -o $@ \
		--busybox $(call unpacked,busybox-static,bin/busybox) \
		$(call with-virtio,$(kernel-package)) $(with-own-modules) \
		$(foreach p,$(message-programs),--file bin/$(notdir $(p))=$(p)) \
		--file bin/soclectl=$(soclectl) \
		--program bin/socat=$(call unpacked,socat,bin/socat) \
		--libraries $(call libraries-of,socat)

# Debian's real-time kernel, what measures its latency, and what disturbs it.
rt-image := $(images)/Image-rt
rt-initrd := $(images)/initrd-rt.cpio
stress-initrd := $(images)/initrd-stress.cpio

$(rt-image): $(material)/$(kernel-rt-package)/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,$(kernel-rt-package),boot/vmlinuz-*) $@

$(rt-initrd): rt-program = bin/cyclictest=$(call unpacked,rt-tests,bin/cyclictest)
$(rt-initrd): rt-libraries = $(call libraries-of,rt-tests)
$(rt-initrd): $(material)/rt-tests/libraries
$(stress-initrd): rt-program = bin/stress-ng=$(call unpacked,stress-ng,bin/stress-ng)
$(stress-initrd): rt-libraries = $(call libraries-of,stress-ng)
$(stress-initrd): $(material)/stress-ng/libraries
$(rt-initrd) $(stress-initrd): $(bench-dir)/load tests/bench/linux/rt-profile \
		$(material)/busybox-static/package tools/material/initramfs.py \
		tools/material/libraries.py tools/material/init tools/newc.py
	$(say) CPIO $@
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) -B tools/material/initramfs.py -o $@ \
		--busybox $(call unpacked,busybox-static,bin/busybox) \
		--file etc/profile=tests/bench/linux/rt-profile \
		--file bin/load=$(bench-dir)/load \
		--program $(rt-program) --libraries $(rt-libraries)

.PHONY: check-programs
check-programs: $(perf-initrd) $(messages-initrd) $(rt-image) $(rt-initrd) $(stress-initrd)
	$(Q)mkdir -p $(O)/check/images
	$(Q)$(foreach i,$^,ln -sfn '$(abspath $(i))' \
		'$(O)/check/images/$(notdir $(i))';)

# Xen's dom0: its tool stack, the drivers of its side, and what it starts guests
# from.
xen-initrd := $(bench-dir)/xen.cpio
xen-modules := virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev \
	virtio_pci virtio_blk brd llc stp bridge xen-privcmd xenfs xen-evtchn \
	xen-gntdev xen-gntalloc xen-blkback xen-netback
xen-scripts := block vif-bridge

$(xen-initrd): $(fio-initrd) $(call image-file,Image) $(bench-dir)/load \
		$(wildcard tests/bench/linux/xen/*) \
		$(material)/$(xen-utils-package)/libraries \
		$(material)/xenstore-utils/libraries \
		tools/material/initramfs.py tools/material/libraries.py \
		tools/material/init tools/newc.py
	$(say) CPIO $@
	$(Q)$(PYTHON) -B tools/material/initramfs.py -o $@ \
		--busybox $(call unpacked,busybox-static,bin/busybox) \
		--kernel $(material)/$(kernel-package)/root \
		--on-demand $(xen-modules) \
		--file etc/profile=tests/bench/linux/xen/profile \
		$(foreach s,$(xen-scripts),--file \
			etc/xen/scripts/$(s)=tests/bench/linux/xen/$(s)) \
		--file bin/load=$(bench-dir)/load \
		--file guest/Image=$(call image-file,Image) \
		--file guest/initrd=$(fio-initrd) \
		$(foreach p,xl xenstored xenconsoled xen-init-dom0,--program \
			bin/$(p)=$(call unpacked,$(xen-utils-package),bin/$(p))) \
		--program bin/xenstore=$(call unpacked,xenstore-utils,bin/xenstore) \
		--libraries $(call libraries-of,$(xen-utils-package) xenstore-utils)

# The packages first, as for `make run`; then what is measured.
.PHONY: bench-parts bench-linux-parts
bench-parts: image bench-guest $(XEN)
bench-linux-parts: bench-parts $(call image-file,Image) $(linux-initrd)

bench-make = +$(Q)$(MAKE) --no-print-directory
bench-run = $(Q)CROSS='$(CROSS_COMPILE)' SOCLE_ARCH='$(ARCH)' $(PYTHON) -B tools/bench/$(1) -O '$(O)'

# The machine that was chosen, as these have it.
bench-variant = $(strip $(foreach v,$(machine-choices),$(v)=$($(v))))

.PHONY: bench bench-linux bench-size bench-trace bench-accesses bench-lines bench-io \
	bench-fio bench-debian bench-rt bench-budget bench-readme
bench: deps
	$(bench-make) bench-parts
	$(call bench-run,micro.py) --xen '$(XEN)' --json '$(O)/bench.json' \
		$(BENCH_ARGS)

bench-linux: deps
	$(bench-make) bench-linux-parts
	$(call bench-run,linux.py) --xen '$(XEN)' \
		--kernel '$(call image-file,Image)' \
		--initrd '$(linux-initrd)' --json '$(O)/bench-linux.json' \
		$(BENCH_ARGS)

bench-size: deps
	$(bench-make) image guests
	$(bench-make) O='$(bench-dir)/minimal' MATERIAL='$(abspath $(MATERIAL))' \
		minimal_defconfig
	$(bench-make) O='$(bench-dir)/minimal' MATERIAL='$(abspath $(MATERIAL))' \
		image
	$(call bench-run,size.py) --json '$(O)/bench-size.json' $(BENCH_ARGS)

bench-trace: deps
	$(if $(FIGURE),,$(error say which: make bench-trace FIGURE=uart-read))
	$(bench-make) image bench-guest
	$(call bench-run,path.py) --variant '$(bench-variant)' $(if $(filter 1,$(ASM)),--asm) \
		$(BENCH_ARGS) $(FIGURE)

# What real guests do, for what the figures are to be.
bench-accesses: deps
	$(bench-make) $(call image-file,Image) $(call image-file,initrd.cpio.gz)
	$(call bench-run,accesses.py) --kernel '$(call image-file,Image)' \
		--initrd '$(call image-file,initrd.cpio.gz)' $(BENCH_ARGS)

# What traps touch, by a plugin of ours.
lines-plugin := $(O)/plugins/lines.so
bench-lines: deps
	$(bench-make) image bench-guest plugins
	$(call bench-run,lines.py) --plugin '$(lines-plugin)' \
		--json '$(O)/bench-lines.json' $(BENCH_ARGS)

# What an operation of a virtio device costs.
bench-io: deps
	$(bench-make) image bench-guest plugins
	$(call bench-run,io.py) --plugin '$(lines-plugin)' \
		--json '$(O)/bench-io.json' $(BENCH_ARGS)

# What a request costs a Linux guest in all, with its drivers and programs. Xen's
# parts are not fetched if --systems leaves it out.
fio-xen = $(if $(findstring --systems,$(BENCH_ARGS)),$(findstring \
	xen,$(BENCH_ARGS)),all)
bench-fio: deps
	$(bench-make) image plugins $(call image-file,Image) $(fio-initrd) \
		$(if $(fio-xen),$(XEN) $(xen-initrd))
	$(call bench-run,fio.py) --plugin '$(O)/plugins/count.so' \
		--kernel '$(call image-file,Image)' --initrd '$(fio-initrd)' \
		--xen '$(XEN)' --xen-initrd '$(xen-initrd)' \
		--json '$(O)/bench-fio.json' $(BENCH_ARGS)

# Debian from its disk, which is made once, to its login prompt.
bench-debian:
	$(bench-make) DEBIAN=1 DISK='$(O)/debian.img' debian-disk
	$(bench-make) image plugins $(bench-dir)/load \
		$(call image-file,QEMU_EFI.fd)
	$(call bench-run,login.py) --plugin '$(O)/plugins/count.so' \
		--disk '$(O)/debian.img' --load '$(bench-dir)/load' \
		--uefi '$(call image-file,QEMU_EFI.fd)' \
		--json '$(O)/bench-debian.json' $(BENCH_ARGS)

# How late a real-time Linux wakes up beside neighbours.
bench-rt: deps
	$(bench-make) image guests check-programs $(call image-file,Image)
	$(call bench-run,rt.py) --kernel '$(rt-image)' \
		--initrd '$(rt-initrd)' --stress-kernel '$(call image-file,Image)' \
		--stress-initrd '$(stress-initrd)' --json '$(O)/bench-rt.json' \
		$(BENCH_ARGS)

bench-budget: deps
	$(bench-make) image bench-guest plugins
	$(call bench-run,budget.py) --lower
	$(call bench-run,lines.py) --plugin '$(lines-plugin)' --lower
	$(call bench-run,io.py) --plugin '$(lines-plugin)' --lower

# README.md's tables, of all five anew.
bench-readme:
	$(bench-make) bench
	$(bench-make) bench-lines
	$(bench-make) bench-linux
	$(bench-make) bench-size
	$(bench-make) bench-io
	$(call bench-run,readme.py)
