#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Another name, without blanks, of a path that has them.
#
#	unspaced.sh PATH
#
# It leads through a link in build/paths whose name follows from the path: to its
# folder, so that what lies beside it is found too; to the path itself where its
# last part has a blank.

set -eu
links=build/paths
path=$1
case $path in
/*) ;;
*) path=$(pwd)/$path ;;
esac
target=$(dirname "$path")
rest=/$(basename "$path")
case $rest in
*\ *)
	target=$path
	rest=
	;;
esac
mkdir -p "$links"
link=$links/$(printf '%s' "$target" | cksum | tr ' ' -)
# As one step: another make may do the same.
if [ "$(readlink "$link" || :)" != "$target" ]; then
	ln -s "$target" "$link.$$"
	mv -T "$link.$$" "$link"
fi
echo "$link$rest"
