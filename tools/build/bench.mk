# SPDX-License-Identifier: GPL-2.0-or-later
# The measuring guest, $(O)/bench/micro.bin and .elf, and the commands that
# measure with it (docs/design/measuring.md).

bench-dir := $(O)/bench
bench-objs := $(patsubst %,$(bench-dir)/%.o,start platform gic micro)

bench-goals := bench-guest bench-parts bench-linux-parts $(bench-dir)/%
ifneq ($(filter $(bench-goals),$(MAKECMDGOALS)),)
  $(call flags-file,bench/.flags,$(CC) $(guest-flags))
endif
$(bench-dir)/.flags: ;

$(bench-dir)/%.o: tests/bench/micro/%.c $(bench-dir)/.flags | $(LIBFDT)
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) -isystem $(LIBFDT_INCLUDE) \
		-MMD -MP -MF $(@:.o=.d) -c $< -o $@

$(bench-dir)/%.o: tests/bench/micro/%.S $(bench-dir)/.flags
	$(say) AS $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) -D__ASSEMBLY__ -MMD -MP -MF $(@:.o=.d) \
		-c $< -o $@

# libfdt wants string functions; ours are the image's own.
$(bench-dir)/micro.elf: $(bench-objs) tests/guest/guest.lds $(LIBFDT) \
		$(O)/libs/string.o
	$(say) LD $@
	$(Q)$(LD) -pie --no-dynamic-linker -z norelro -z noexecstack \
		--build-id=none -e _start -T tests/guest/guest.lds -o $@ \
		$(bench-objs) $(O)/libs/string.o $(LIBFDT)

$(bench-dir)/micro.bin: $(bench-dir)/micro.elf
	$(Q)$(OBJCOPY) -O binary $< $@

-include $(bench-objs:.o=.d)

.PHONY: bench-guest
bench-guest: $(bench-dir)/micro.bin

# Xen, to compare with, and Linux with what is run in it.
XEN ?= $(images)/xen
linux-initrd := $(bench-dir)/linux.cpio.gz

$(images)/xen: $(material)/xen-hypervisor-4.17-arm64/package
	$(Q)mkdir -p $(@D)
	$(Q)cp $(call unpacked,xen-hypervisor-4.17-arm64,xen-4.17-arm64) $@

$(bench-dir)/load: tests/bench/linux/load.c $(bench-dir)/.flags
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
		--file lib/ld-linux-aarch64.so.1=$(call library,ld-linux-aarch64.so.1) \
		--file lib/libc.so.6=$(call library,libc.so.6) \
		--file lib/libpthread.so.0=$(call library,libpthread.so.0)

# The packages first, as for `make run`; then what is measured.
.PHONY: bench-parts bench-linux-parts
bench-parts: image bench-guest $(XEN)
bench-linux-parts: bench-parts $(call image-file,Image) $(linux-initrd)

bench-make = +$(Q)$(MAKE) --no-print-directory
bench-run = $(Q)CROSS='$(CROSS_COMPILE)' $(PYTHON) -B tools/bench/$(1) -O '$(O)'

.PHONY: bench bench-linux bench-size bench-trace bench-budget bench-readme
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
	$(call bench-run,path.py) --gic $(GIC) $(if $(filter 1,$(ASM)),--asm) \
		$(BENCH_ARGS) $(FIGURE)

bench-budget: deps
	$(bench-make) image bench-guest
	$(call bench-run,budget.py) --lower

# README.md's table, of all three anew.
bench-readme:
	$(bench-make) bench
	$(bench-make) bench-linux
	$(bench-make) bench-size
	$(call bench-run,readme.py)
