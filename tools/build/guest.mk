# SPDX-License-Identifier: GPL-2.0-or-later
# Bare-metal guests for the tests: tests/guest/NAME.c or .S is an image of its
# own, $(O)/guest/NAME.bin (and .elf), if tests/guest/Makefile lists it:
#
#	guest-y += hello	# tests/guest/hello.o, one image
#	guest-common-y += tests/guest/start.o	# part of every image

guest-y :=
guest-common-y :=
include $(wildcard tests/guest/Makefile)

guest-flags := $(cc-target) -std=gnu11 -g -O2 -ffreestanding -fno-common -fPIE \
	-include tools/build/hidden.h -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	-mgeneral-regs-only -mstrict-align -march=armv8-a -mno-outline-atomics \
	$(prefix-map) $(warnings) -iquote . -Itests/guest/include -nostdinc \
	-isystem $(libc-include) -Ilibs/include/std

guest-dir := $(O)/guest
guest-images := $(addprefix $(guest-dir)/,$(guest-y))
guest-common := $(addprefix $(guest-dir)/,$(guest-common-y))

.PHONY: guests
guests: $(addsuffix .bin,$(guest-images)) $(addsuffix .elf,$(guest-images))

ifneq ($(filter guests $(guest-dir)/%,$(MAKECMDGOALS)),)
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

$(guest-dir)/%.elf: $(guest-dir)/tests/guest/%.o $(guest-common) \
		tests/guest/guest.lds
	$(say) LD $@
	$(Q)$(LD) -pie --no-dynamic-linker -z norelro -z noexecstack \
		--build-id=none -e _start -T tests/guest/guest.lds -o $@ \
		$(filter %.o,$^)

$(guest-dir)/%.bin: $(guest-dir)/%.elf
	$(Q)$(OBJCOPY) -O binary $< $@

.SECONDARY: $(guest-common) $(addprefix $(guest-dir)/tests/guest/,$(addsuffix .o,$(guest-y)))
-include $(addprefix $(guest-dir)/tests/guest/,$(addsuffix .d,$(guest-y)))
-include $(guest-common:.o=.d)
