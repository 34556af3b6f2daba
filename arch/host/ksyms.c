/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of function names of a program that has none: one entry. */
#include <libs/ksym.h>

const uint32_t ksyms_count = 1;
const uint32_t ksyms_offsets[] = { 0 };
const uint32_t ksyms_names_off[] = { 0 };
const char ksyms_names[] = "_start";
