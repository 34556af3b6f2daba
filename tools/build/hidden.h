/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included before everything else in the image: hides declarations too, which
 * -fvisibility=hidden would not, so that no access goes through a GOT.
 */
#ifndef __ASSEMBLY__
#pragma GCC visibility push(hidden)
#endif
