/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks of a measuring guest for a plugin: instructions that do nothing on a
 * CPU (HINT numbers that are allocated to nothing, Arm ARM C6.2).
 */
#ifndef TESTS_PLUGINS_ARM64_MARKS_H
#define TESTS_PLUGINS_ARM64_MARKS_H

#define MARK_SERIES 125 /* the series before is over, another begins */
#define MARK_BEGIN 126  /* a round of it begins */
#define MARK_END 127    /* and ends */

#define mark(number) __asm__ volatile("hint %0" : : "i"(number) : "memory")

#endif
