#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Links the image, with tables of its own: of its relocations, and with KSYMS=y
# of its function names.
#
# The tables are made from a linked image, so the image is linked until the
# tables that it contains are those of its own addresses. This takes a few
# passes, because the size of a table moves what lies behind it. If it moves that
# across the end of an entry, a shorter table makes itself longer, and a longer one
# shorter, for ever: so from the third pass on that of relocations only grows.

set -eu
out=$1
shift
dir=$(dirname "$out")

# tables [ELF [TABLE]]: $dir/NAME.next.S for each table; without ELF empty ones.
tables() {
	$PYTHON tools/build/relr.py "$@" >"$dir/relr.next.S"
	if [ "${KSYMS:-}" = y ]; then
		if [ $# != 0 ]; then $NM "$1"; fi |
			$PYTHON tools/build/ksyms.py >"$dir/ksyms.next.S"
	fi
}

names="relr"
[ "${KSYMS:-}" != y ] || names="relr ksyms"
objects=
for name in $names; do
	objects="$objects $dir/$name.o"
done

tables
for pass in 1 2 3 4 5 6 7; do
	for name in $names; do
		mv "$dir/$name.next.S" "$dir/$name.S"
		# Without -g, which would name the output directory.
		eval "$AS"' -g0 "$dir/$name.S" -o "$dir/$name.o"'
	done
	# shellcheck disable=SC2086  # one word each
	$LD -o "$out.tmp" "$@" $objects -Map="$out.map"
	if [ "$pass" -lt 3 ]; then
		tables "$out.tmp"
	else
		tables "$out.tmp" "$dir/relr.S"
	fi
	same=y
	for name in $names; do
		cmp -s "$dir/$name.S" "$dir/$name.next.S" || same=
	done
	if [ "$same" ]; then
		for name in $names; do rm "$dir/$name.next.S"; done
		mv "$out.tmp" "$out"
		exit 0
	fi
done
echo "$out: its tables do not settle after $pass links" >&2
exit 1
