# SPDX-License-Identifier: GPL-2.0-or-later
# The image: linked until the tables it carries are its own (link.sh).

image := $(O)/vmm.elf
lds := $(O)/vmm.lds
lds-source := $(firstword $(wildcard arch/$(ARCH)/boot/vmm.lds.S \
	arch/$(ARCH)/boot/vmm.lds))

all: image

.PHONY: image
image: $(image) $(O)/vmm.bin $(O)/vmm.bin.gz

# libfdt's headers come with its library.
$(addprefix $(O)/,$(objs)): | $(LIBFDT)
$(O)/core/management/request.o: | $(MATERIAL)/jsmn/jsmn.h

$(lds): $(lds-source) $(O)/.flags
	$(say) LDS $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(cc-flags) $(AFLAGS) -D__LINKER_SCRIPT__ -E -P \
		-x assembler-with-cpp -MMD -MP -MT $@ -MF $@.d $< -o $@
-include $(lds).d

ifeq ($(need-config),y)
  $(call flags-file,.objs,$(LD) $(LDFLAGS) $(LIBFDT) $(objs))
endif
$(O)/.objs: ;

$(image): $(addprefix $(O)/,$(objs)) $(lds) $(LIBFDT) $(O)/.objs \
		tools/build/link.sh tools/build/relr.py tools/build/ksyms.py
	$(say) LD $@
	$(Q)$(if $(CONFIG_KSYMS),KSYMS=y) LD='$(LD)' NM='$(NM)' \
		AS=$(call quoted,$(CC) $(cc-flags) $(AFLAGS) -c) PYTHON='$(PYTHON)' \
		sh tools/build/link.sh $@ $(LDFLAGS) -T $(lds) \
		$(filter %.o,$^) $(LIBFDT)

$(O)/vmm.bin: $(image)
	$(say) OBJCOPY $@
	$(Q)$(OBJCOPY) -O binary -R .rela.dyn $< $@

# As U-Boot's booti and `qemu -kernel` take it, too.
$(O)/vmm.bin.gz: $(O)/vmm.bin
	$(say) GZIP $@
	$(Q)gzip -9nc $< >$@

.PHONY: size
# The loaded sections, without debugging information and relocations except
# .relr.
size: $(image)
	$(Q)$(SIZE) -A -d $< | awk '/^section/ { end = index($$0, "size") + 3 } \
		!/^(\.debug|\.rela|Total|$$)/ { print; n += $$2 } \
		END { printf "total%*d\n", end - 5, n }'
