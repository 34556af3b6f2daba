/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stack protector's guard. */
#ifndef CORE_STACK_PROTECTOR_H
#define CORE_STACK_PROTECTOR_H

/* Make the guard random. Boot context; from a function that never returns,
 * before there are threads. */
void stack_protector_init(void);

#endif
