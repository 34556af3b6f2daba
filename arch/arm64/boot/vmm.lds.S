/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout of the image. Linked at 0 and position independent; each part that
 * is mapped with permissions of its own begins on a 4 KiB boundary. The first
 * translation tables are not mapped at MMU_IMAGE_BASE: so there is nothing below
 * the boot stack.
 */
OUTPUT_FORMAT("elf64-littleaarch64")
OUTPUT_ARCH(aarch64)
ENTRY(_start)

PHDRS
{
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	left_out PT_LOAD FLAGS(4);
}

SECTIONS
{
	. = 0;
	__image_start = .;
	__text_start = .;
	.text : {
		KEEP(*(.head.text))
		*(.idmap.text)
		__idmap_end = .;
		/* Up to the vectors' 2 KiB boundary, which leaves a gap. */
		*arch/arm64/boot/early.o(.text .text.*)
		*arch/arm64/boot/start.o(.text .text.*)
		*arch/arm64/cpu/entry.o(.text .text.*)
		*(.text .text.*)
	} :text
	. = ALIGN(4096);
	__text_end = .;

	__rodata_start = .;
	.rodata : { *(.rodata .rodata.*) } :rodata
	.note.gnu.build-id : {
		__build_id_start = .;
		KEEP(*(.note.gnu.build-id))
		__build_id_end = .;
	}
	/* Made of .rela.dyn by tools/build/relr.py. */
	.relr : {
		__relr_start = .;
		KEEP(*(.relr_table))
		__relr_end = .;
	}
	/* Constants that hold pointers: relocated once, then read only. */
	.data.rel.ro : ALIGN(8) {
		*(.data.rel.ro.local* .data.rel.local.ro .data.rel.ro .data.rel.ro.*)
		*(.got .got.plt)
	}
#define REGISTRY(name) \
	registry_##name : ALIGN(8) { \
		__start_registry_##name = .; \
		KEEP(*(registry_##name)) \
		__stop_registry_##name = .; \
	}
	REGISTRY(bootarg)
	REGISTRY(driver)
	REGISTRY(earlycon)
	REGISTRY(emulator)
	REGISTRY(command)
	REGISTRY(daemon)
	REGISTRY(sched_policy)
	REGISTRY(filesystem)
	REGISTRY(netswitch_policy)
	REGISTRY(smccc_service)
	REGISTRY(vsock_service)
	REGISTRY(wbox_test)
	. = ALIGN(4096);
	__rodata_end = .;

	__data_start = .;
	.data : { *(.data .data.*) } :data
	. = ALIGN(16);
	__file_end = .;
	.bss : ALIGN(4096) {
		__bss_start = .;
		*(.bss .bss.* COMMON)
		. = ALIGN(4096);
		__tables_start = .;
		*(.sbss.tables)
		/* As a stack in the window: the upper half of its slot. */
		. = ALIGN(2 * CONFIG_STACK_SIZE) + CONFIG_STACK_SIZE;
		__boot_stack = .;
		. += CONFIG_STACK_SIZE;
		__boot_stack_end = .;
		*(.sbss.bulk)
		. = ALIGN(4096);
		__bss_end = .;
	}
	__image_end = .;

	/* Not in vmm.bin: its addends are in place, the rest is in .relr. */
	.rela.dyn : { *(.rela .rela*) } :left_out

	/* What is mapped at its physical address as well. */
	ASSERT(__idmap_end <= 4096, "more than a page of .idmap.text")
	/* What the static tables of arch/arm64/mmu/boot_map.c can map. */
	ASSERT(__image_end - __image_start <= 0x600000, "image over 6 MiB")

	/DISCARD/ : {
		*(.eh_frame .eh_frame_hdr .interp .comment .note.GNU-stack)
		*(.note.gnu.property .ARM.attributes)
		/* Of a dynamic linker, which there is not: .relr says all. */
		*(.dynsym .dynstr .hash .gnu.hash .dynamic)
	}
}
