# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the scripts of the tests share; place.py sources it into each of them, with BASE (the folder it
# lies in), WORK (the folder of the test, where it stands) and CACHEFILE (of `zpool create`).

# make_pool NAME DEVICE: mounted below BASE. A pool of that name that is there already is an error.
make_pool() {
  zpool create -o cachefile="$CACHEFILE" -O mountpoint="$BASE/mnt/$1" -O compression=lz4 \
    -O atime=off -o ashift=12 "$1" "$2"
}

# fill_pool NAME MEBIBYTES: until so much is left, by a file `filler` in its top dataset.
fill_pool() {
  local free
  free=$(zfs get -H -p -o value available "$1")
  head -c "$((free - ($2 << 20)))" /dev/urandom >"$BASE/mnt/$1/filler"
  zpool sync "$1"
}

# has_room POOL MEBIBYTES: what was deleted is free only some transaction groups later.
has_room() {
  zpool sync "$1"
  [ "$(zfs get -H -p -o value available "$1")" -gt $(($2 << 20)) ]
}

# make_key KIND FILE: a new key as `keyformat` KIND wants it.
make_key() {
  case "$1" in
    passphrase) printf 'correct horse battery staple' >"$2" ;;
    hex) od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$2" ;;
    raw) head -c 32 /dev/urandom >"$2" ;;
  esac
}

# token_of DATASET: its resume token, or "-". A dataset that is not there has none.
token_of() {
  zfs get -H -o value receive_resume_token "$1" 2>/dev/null || echo -
}

has_token() {
  [ "$(token_of "$1")" != - ]
}

# group_of POOL: the number of the transaction group that is open now.
group_of() {
  awk '$1 ~ /^[0-9]+$/ { group = $1 } END { print group }' "/proc/spl/kstat/zfs/$1/txgs"
}

# groups_written FIRST COUNT POOL: has the pool written so many since FIRST was open?
groups_written() {
  [ "$(group_of "$3")" -ge $(($1 + $2)) ]
}

# passed BEGUN SECONDS: is it so long since the shell's clock showed BEGUN?
passed() {
  [ $((SECONDS - $1)) -ge "$2" ]
}

exists() {
  zfs list -H -o name "$1" >/dev/null 2>&1
}

# is_destroyed DATASET: with all that is below, if it was there. A volume that udev looks at is busy.
is_destroyed() {
  zfs destroy -R "$1" 2>/dev/null
  ! exists "$1"
}

# wait_for COMMAND…: until it succeeds; for what another process is about to do. What takes minutes
# will not come any more.
wait_for() {
  local begun=$SECONDS
  until "$@"; do
    if [ $((SECONDS - begun)) -gt 180 ]; then
      echo "waited in vain for: $*" >&2
      return 1
    fi
    sleep 0.1
  done
}

# as NAME COMMAND…: runs it under its own process number, which goes into NAME.pid: a member of a
# pipe that a test will signal.
as() {
  echo "$BASHPID" >"$WORK/$1.pid"
  shift
  exec "$@"
}

# kill_member NAME: one that zfs runs in, of a pipe that has come to a halt (gate); it is gone then, and
# nothing more has come to it. A zfs that does anything but wait for the pipe may lose the signal: OpenZFS
# 2.1 was seen to take the whole rest, and to wait for more for minutes, with SIGKILL pending.
kill_member() {
  wait_for stands_still "$1"
  kill -KILL "$(cat "$WORK/$1.pid")"
  wait_for is_gone "$1"
}

# stands_still NAME: does it sleep at a pipe, and has moved nothing for a second?
stands_still() {
  local folder moved
  folder=/proc/$(cat "$WORK/$1.pid")
  moved=$(cat "$folder/io")
  sleep 1
  [ "$(cat "$folder/io")" = "$moved" ] && grep -q '^State:.S' "$folder/status" &&
    grep -q pipe_ "$folder/wchan"
}

is_gone() {
  ! kill -0 "$(cat "$WORK/$1.pid")" 2>/dev/null
}

# gate BYTES: passes so many, then waits for the file `go`, then passes the rest.
gate() {
  head -c "$1"
  wait_for test -e "$WORK/go"
  cat
}

# make_dataset WORD…: `zfs create` with these, the name last. Mounted only when the pool has been synced:
# OpenZFS may crash when it reads encrypted dnodes that are not on the disk yet (openzfs#9046, #11679).
# For volumes there is no such way.
make_dataset() {
  local name=${!#}
  zfs create -u "$@" && zpool sync "${name%%/*}" && zfs mount "$name"
}

# open_target DATASET KEYFILE: as its owner would: loads the key, mounts. Read-only: 2.1 was seen to
# crash at the first mount to write of what had been received raw (openzfs#11679), perhaps since it
# changes dnodes then, to count what each user has, while it still reads them.
open_target() {
  local name kind key mounted
  zpool sync "${1%%/*}"
  [ "$(zfs get -H -o value keystatus "$1")" = available ] || zfs load-key -L "file://$2" "$1" || return 1
  zfs list -H -r -t filesystem,volume -o name,type,keystatus,mounted "$1" |
    while read -r name kind key mounted; do
      case "$kind $key $mounted" in
        "filesystem available no") zfs mount -o ro "$name" || return 1 ;;
      esac
    done
}

mountpoint_of() {
  zfs get -H -o value mountpoint "$1"
}

# device_of VOLUME: udev makes its name some time after the volume.
device_of() {
  wait_for test -b "/dev/zvol/$1" && echo "/dev/zvol/$1"
}

# fingerprint FOLDER: of all that is in it, a line for each file. Errors are part of it.
fingerprint() {
  python3 "$BASE/fingerprint.py" "$1"
}
