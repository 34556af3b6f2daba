/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contract: what an architecture keeps for each CPU, `struct arch_percpu` of
 * <arch_impl/percpu.h>. It is a member of struct percpu, zero when that is
 * created; arch_percpu() (<arch/cpu.h>) finds the CPU's own.
 */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#include <arch_impl/percpu.h>

#endif
