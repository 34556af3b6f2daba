/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout of the image. Linked at 0 and position independent; each part that
 * is mapped with permissions of its own begins on a 4 KiB boundary.
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
	REGISTRY(driver)
	REGISTRY(earlycon)
	REGISTRY(emulator)
	REGISTRY(command)
	REGISTRY(daemon)
	REGISTRY(sched_policy)
	REGISTRY(filesystem)
	REGISTRY(wbox_test)
	.dynsym : { *(.dynsym) }
	.dynstr : { *(.dynstr) }
	.hash : { *(.hash) }
	.gnu.hash : { *(.gnu.hash) }
	.dynamic : { *(.dynamic) }
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
		__boot_stack = .;
		. += 16384;
		__boot_stack_end = .;
		. = ALIGN(4096);
		__bss_end = .;
	}
	__image_end = .;

	/* Not in vmm.bin: its addends are in place, the rest is in .relr. */
	.rela.dyn : { *(.rela .rela*) } :left_out

	/* What the static tables of arch/arm64/mmu/boot_map.c can map. */
	ASSERT(__image_end - __image_start <= 0x600000, "image over 6 MiB")

	/DISCARD/ : {
		*(.eh_frame .eh_frame_hdr .interp .comment .note.GNU-stack)
		*(.note.gnu.property .ARM.attributes)
	}
}
