# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What tools/demo, tools/test and .ci/run share: installing with apt, and saying what is done.
# Sourced after `set -euo pipefail`, by scripts that stand in the top of the source tree.

# "== words", on a terminal in bold.
heading() {
  if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    printf '\n\033[1m== %s\033[0m\n' "$*"
  else
    printf '\n== %s\n' "$*"
  fi
}

give_up() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# packages_of GROUP…: the names in tools/lib/packages.
packages_of() {
  local group
  for group in "$@"; do
    awk -v group="$group" '$1 == group { print $2 }' tools/lib/packages
  done
}

is_installed() {
  [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# apt_get WORD…: as root, without questions, and patient with another apt that runs.
apt_get() {
  local -a command=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@")
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || give_up "installing needs root or sudo: apt-get $*"
    command=(sudo "${command[@]}")
  fi
  "${command[@]}"
}

# install_packages GROUP…: only what is missing. Without lists, or with stale ones, apt finds or
# fetches nothing: then they are updated, and it is tried once more.
install_packages() {
  local -a missing=()
  local package
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian: install what these packages hold: $(packages_of "$@" | xargs)"
    return
  fi
  for package in $(packages_of "$@"); do
    is_installed "$package" || missing+=("$package")
  done
  if [ "${#missing[@]}" -eq 0 ]; then
    echo "Every package it needs is installed."
    return
  fi
  echo "Installing with apt: ${missing[*]}"
  local -a install=(install --yes --quiet --quiet --no-install-recommends "${missing[@]}")
  if ! apt-get --simulate "${install[@]}" >/dev/null 2>&1 || ! apt_get "${install[@]}"; then
    echo "Updating the package lists first."
    apt_get update --quiet --quiet
    apt_get "${install[@]}"
  fi
}

# print_skipped BUILD: the tests that the last run of ctest there skipped, each with its reason.
# ctest itself keeps the reasons in its log. GoogleTest prints one below "FILE:LINE: Skipped",
# Python's unittest behind "NAME ... skipped".
print_skipped() {
  awk '
    function say(text) { if (!told++) print "\nSkipped, and why:"; print "  " text }
    /^\[ RUN      \] / { name = $4 }
    reason_follows { say(name ": " $0); reason_follows = 0 }
    /: Skipped$/ { reason_follows = 1 }
    / \.\.\. skipped / { say($0) }
  ' "$1/Testing/Temporary/LastTest.log"
}

# print_failed BUILD: what the tests said that failed in the last run of ctest there. ctest shows all
# that their programs said, which may be thousands of lines and far up.
print_failed() {
  local logs=$1/Testing/Temporary
  [ ! -s "$logs/LastTestsFailed.log" ] ||
    awk -f tools/lib/failures.awk "$logs/LastTestsFailed.log" "$logs/LastTest.log"
}
