#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes a bootable image of a folder that mmdebstrap has filled, as its last hook: the hook is root
# there, also where the user who builds is not.
#
# usage: finish.sh ROOT OUT       under `unshare --mount` where possible, so that what it mounts is
#                                 gone even when it is killed
# OUT holds ssh_key.pub, and gets root.img, vmlinuz, initrd.img, known_hosts and versions.
set -eu
root=$1
out=$2
# Sparse: of this only what is written takes space. Tests put streams and programs there.
disk_size=6G

fail() {
  echo "finish.sh: $*" >&2
  exit 1
}

modules=$(echo "$root"/lib/modules/*/updates/dkms)
if [ ! -e "$modules/zfs.ko" ]; then
  tail -n 30 "$root"/var/lib/dkms/zfs/*/build/make.log >&2 || true
  fail "the package zfs-dkms built no module"
fi

install -d -m 700 "$root/root/.ssh"
install -m 600 "$out/ssh_key.pub" "$root/root/.ssh/authorized_keys"
{
  printf 'zsluice-zfs-vm '
  cat "$root/etc/ssh/ssh_host_ed25519_key.pub"
} >"$out/known_hosts"
chroot "$root" systemctl --quiet enable systemd-networkd
# Nothing may run beside a test that the test did not ask for.
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer fstrim.timer sanoid.timer systemd-networkd-wait-online.service \
  systemd-timesyncd.service zfs-zed.service
chroot "$root" dpkg-query --show zfs-dkms zfsutils-linux 'linux-image-[0-9]*' sanoid >"$out/versions"
# What mmdebstrap took over from the host, or put there only for its own time.
printf 'zfs-vm\n' >"$root/etc/hostname"
printf '127.0.0.1 localhost zfs-vm\n' >"$root/etc/hosts"
: >"$root/etc/machine-id"
: >"$root/etc/resolv.conf"
rm -f "$root/usr/sbin/policy-rc.d"
if [ -e "$root/sbin/start-stop-daemon.REAL" ]; then
  mv "$root/sbin/start-stop-daemon.REAL" "$root/sbin/start-stop-daemon"
fi

# The module is built: what built it is three quarters of the image.
rm -rf "$root"/usr/src/* "$root"/usr/lib/gcc "$root"/usr/lib/linux-kbuild-* "$root"/var/lib/dkms/* \
  "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log
cp "$root"/boot/vmlinuz-* "$out/vmlinuz"
cp "$root"/boot/initrd.img-* "$out/initrd.img"

# The folder alone, without what is mounted in it now.
bare=$(mktemp -d)
trap 'umount "$bare"; rmdir "$bare"' EXIT
trap 'exit 1' HUP INT TERM
mount --bind "$root" "$bare"
mkfs.ext4 -q -F -L root -d "$bare" "$out/root.img" "$disk_size"
# Where root is only the hook's, the user who builds takes these over.
chmod a+r "$out/root.img" "$out/vmlinuz" "$out/initrd.img" "$out/known_hosts" "$out/versions"
