# SPDX-License-Identifier: GPL-2.0-or-later
# Bare-metal guests for the tests: tests/guest/NAME.c, or NAME.c or .S in the
# architecture's folder there, is an image of its own, $(O)/guest/NAME.bin (and
# .elf), if the folder's Makefile lists it:
#
#	guest-y += hello	# hello.o, one image
#	guest-common-y += tests/guest/ARCH/start.o	# part of every image

guest-arch := tests/guest/$(ARCH)
guest-lds := $(guest-arch)/guest.lds
guest-y :=
guest-common-y :=
include $(wildcard tests/guest/Makefile)

guest-flags := $(cc-target) -std=gnu11 -g -O2 -ffreestanding -fno-common -fPIE \
	-include tools/build/hidden.h -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	$(cflags-cpu) \
	$(prefix-map) $(warnings) -iquote . -Itests/guest/include \
	-I$(guest-arch)/include -Iarch/$(ARCH)/linux -Itests/plugins/$(ARCH) -nostdinc \
	-isystem $(libc-include) -Ilibs/include/std

guest-dir := $(O)/guest
guest-images := $(addprefix $(guest-dir)/,$(guest-y))
guest-common := $(addprefix $(guest-dir)/,$(guest-common-y))

.PHONY: guests
guests: $(addsuffix .bin,$(guest-images)) $(addsuffix .elf,$(guest-images))

ifneq ($(filter guests bundle bundle-images $(guest-dir)/%,$(MAKECMDGOALS)),)
  $(call flags-file,guest/.flags,$(CC) $(guest-flags))
endif
$(guest-dir)/.flags: ;

$(guest-dir)/%.o: %.c $(guest-dir)/.flags
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) -MMD -MP -MF $(@:.o=.d) -c $< -o $@

$(guest-dir)/%.o: %.S $(guest-dir)/.flags
	$(say) AS $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) -D__ASSEMBLY__ -MMD -MP -MF $(@:.o=.d) \
		-c $< -o $@

define link-guest
	$(say) LD $@
	$(Q)$(LD) -pie --no-dynamic-linker -z norelro -z noexecstack \
		--build-id=none -e _start -T $(guest-lds) -o $@ \
		$(filter %.o,$^)
endef

$(guest-dir)/%.elf: $(guest-dir)/tests/guest/%.o $(guest-common) $(guest-lds)
	$(link-guest)

$(guest-dir)/%.elf: $(guest-dir)/$(guest-arch)/%.o $(guest-common) $(guest-lds)
	$(link-guest)

$(guest-dir)/%.bin: $(guest-dir)/%.elf
	$(Q)$(OBJCOPY) -O binary $< $@

guest-objs := $(foreach g,$(guest-y),$(guest-dir)/$(if $(wildcard \
	tests/guest/$(g).[cS]),tests/guest,$(guest-arch))/$(g).o)
.SECONDARY: $(guest-common) $(guest-objs)
-include $(guest-objs:.o=.d)
-include $(guest-common:.o=.d)
