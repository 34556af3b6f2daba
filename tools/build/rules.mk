# SPDX-License-Identifier: GPL-2.0-or-later
# Compile rules. Every object depends on the flags it was made with.

# $(call flags-file,NAME,CONTENT): a file that changes only when CONTENT does.
define flags-file
$(shell mkdir -p $(dir $(O)/$(1)); \
	printf '%s\n' '$(subst ','\'',$(2))' | cmp -s - $(O)/$(1) || \
	printf '%s\n' '$(subst ','\'',$(2))' >$(O)/$(1))
endef

per-object-flags = $(foreach v,$(sort $(filter CFLAGS_% AFLAGS_%,\
	$(.VARIABLES))),$(v)=$($(v)))
ifeq ($(need-config),y)
  $(call flags-file,.flags,$(CC) $(cc-flags) $(arch-types) $(AFLAGS) $(per-object-flags))
endif

$(O)/%.o: %.c $(O)/.flags
	$(say) CC $*.o
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(cc-flags) $(arch-types) $(CFLAGS_$*.o) -MMD -MP -MF $(@:.o=.d) \
		-c $< -o $@

$(O)/%.o: %.S $(O)/.flags
	$(say) AS $*.o
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(cc-flags) $(AFLAGS) $(AFLAGS_$*.o) -MMD -MP -MF $(@:.o=.d) \
		-c $< -o $@

$(O)/.flags: ;

# One object by its name in the tree: `make core/sched/sched.o`.
.PHONY: $(objs)
$(objs): %.o: $(O)/%.o

-include $(patsubst %.o,$(O)/%.d,$(objs))
