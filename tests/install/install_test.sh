#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: install_test.sh SOURCE_DIR BUILD_DIR SCRATCH_DIR [CONSUMER_CMAKE_OPTION…]
# Installs BUILD_DIR to a prefix of its own, looks for every kind of file, then builds and runs a
# foreign project that knows nothing but that prefix.
set -euo pipefail
source_dir=$1 build_dir=$2 scratch=$3
shift 3
prefix=$scratch/prefix

fail() {
  echo "$*" >&2
  exit 1
}

rm -rf "$scratch"
mkdir -p "$scratch"
cmake --install "$build_dir" --prefix "$prefix" >"$scratch/install.log"

for file in bin/zsluice share/man/man1/zsluice.1 share/doc/zsluice/LICENSE \
  share/doc/zsluice/README.md share/bash-completion/completions/zsluice \
  share/zsh/site-functions/_zsluice share/fish/vendor_completions.d/zsluice.fish; do
  [ -s "$prefix/$file" ] || fail "$file was not installed"
done

# Every public header and nothing else: none is private, none is forgotten.
diff <(cd "$source_dir/include" && find zsluice -name '*.hpp' | sort) \
  <(cd "$prefix/include" && find . -type f -printf '%P\n' | sort) ||
  fail "include/ and what was installed of it differ"

# The package must not lean on the tree it was built from.
if grep --recursive --files-with-matches --fixed-strings "$source_dir" "$prefix" --include='*.cmake'; then
  fail "the installed package names the source tree"
fi

cmake -S "$source_dir/tests/install/consumer" -B "$scratch/consumer" -G Ninja \
  -D CMAKE_PREFIX_PATH="$prefix" "$@"
cmake --build "$scratch/consumer"

# What OpenZFS itself counted, column `total_records`.
name=g256_raw_full
wanted=$(awk -F '\t' -v name="$name" '
  NR == 1 { for (i = 1; i <= NF; i++) if ($i == "total_records") column = i }
  $1 == name { print $column }' "$source_dir/tests/corpus/EXPECTED.tsv")
counted=$("$scratch/consumer/count_records" <"$source_dir/tests/corpus/$name.zsend")
[ "${wanted:-none}" = "$counted" ] || fail "counted $counted records, not ${wanted:-any number}"

# And what it printed of a token.
token=$source_dir/tests/corpus/tokens/g256_raw_full.cut108908.token
wanted=$(awk '$1 == "object:" { object = $2 } $1 == "offset:" { print object, $2 }' "$token.txt")
place=$("$scratch/consumer/read_token" <"$token")
[ "${wanted:-none}" = "$place" ] || fail "the token stands at $place, not at ${wanted:-any place}"
# Of at most 64 KiB each, and most of them nearly that.
size=$(wc -c <"$source_dir/tests/corpus/$name.zsend")
counted=$("$scratch/consumer/count_segments" <"$source_dir/tests/corpus/$name.zsend")
((counted > size / 65536 && counted < size / 32768)) || fail "counted $counted segments"
