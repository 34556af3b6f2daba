# SPDX-License-Identifier: GPL-2.0-or-later
# Material that is not ours: guest kernels, user space, libfdt, from Debian.

material := $(O)/material
apt := $(PYTHON) tools/material/apt.py --dir $(material) --arch $(ARCH)

# A package's stamp is the file that names its version.
$(material)/%/package:
	$(Q)$(apt) '$*$(meta)'

.PRECIOUS: $(material)/%/package
$(material)/linux-image-%/package: meta := *

$(material)/libfdt/libfdt.a: $(material)/libfdt-dev/package
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)cp -R $(material)/libfdt-dev/root/usr/include $(@D)/include
	$(Q)cp $$(find $(material)/libfdt-dev/root -name libfdt.a) $@
