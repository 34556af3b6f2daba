# SPDX-License-Identifier: GPL-2.0-or-later
# The measuring guest: $(O)/bench/micro.bin and .elf.

bench-dir := $(O)/bench
bench-objs := $(patsubst %,$(bench-dir)/%.o,start platform gic micro)

$(bench-dir)/%.o: tests/bench/micro/%.c tests/bench/micro/micro.h
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) -isystem $(O)/material/libfdt/include \
		-c $< -o $@

$(bench-dir)/%.o: tests/bench/micro/%.S
	$(say) AS $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(guest-flags) -D__ASSEMBLY__ -c $< -o $@

# libfdt wants string functions; ours are the image's own.
$(bench-dir)/micro.elf: $(bench-objs) tests/guest/guest.lds $(LIBFDT) \
		$(O)/libs/string.o
	$(say) LD $@
	$(Q)$(LD) -pie --no-dynamic-linker -z norelro -z noexecstack \
		--build-id=none -e _start -T tests/guest/guest.lds -o $@ \
		$(bench-objs) $(O)/libs/string.o $(LIBFDT)

$(bench-dir)/micro.bin: $(bench-dir)/micro.elf
	$(Q)$(OBJCOPY) -O binary $< $@

$(bench-objs): | $(LIBFDT)
.PHONY: bench-guest
bench-guest: $(bench-dir)/micro.bin
