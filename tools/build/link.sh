#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Links the image, with its own table of function names if KSYMS=y.
#
# The table is made from the symbols of a link without it, so the image is linked
# until the table it holds is the table of its own addresses: two passes when the
# table lies behind the code, three otherwise.

set -eu
out=$1
shift

if [ "${KSYMS:-}" != y ]; then
	$LD -o "$out" "$@" -Map="$out.map"
	exit 0
fi

dir=$(dirname "$out")
table=$dir/ksyms
$PYTHON tools/build/ksyms.py </dev/null >"$table.S"
for pass in 1 2 3 4 5; do
	# Without -g, which would name the output directory.
	$AS -g0 "$table.S" -o "$table.o"
	$LD -o "$out.tmp" "$@" "$table.o" -Map="$out.map"
	$NM "$out.tmp" | $PYTHON tools/build/ksyms.py >"$table.next.S"
	if cmp -s "$table.S" "$table.next.S"; then
		rm "$table.next.S"
		mv "$out.tmp" "$out"
		exit 0
	fi
	mv "$table.next.S" "$table.S"
done
echo "$out: the symbol table does not settle after $pass links" >&2
exit 1
