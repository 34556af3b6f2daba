/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version of this build. Any context. */
#ifndef CORE_VERSION_H
#define CORE_VERSION_H

#include <libs/types.h>

const char *version_string(void); /* e.g. "0.1.0" */
/* The linker's build id in hexadecimal; into buf, which is returned. */
const char *version_build_id(char *buf, size_t size);

#endif
