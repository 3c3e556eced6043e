# SPDX-License-Identifier: BSD-2-Clause
"""What is in an image. Its key is taken from all that decides what comes out, so that a changed
recipe is a new image; newer packages are not, `tools/zfs-vm build --anew` takes them in."""
import hashlib
import pathlib
from dataclasses import dataclass

HERE = pathlib.Path(__file__).parent

RELEASE = "bookworm"
COMPONENTS = ("main", "contrib")
KEY_DIGITS = 12

# The kernel for virtual machines: small, and all it needs to boot here is virtio.
KERNEL = ("linux-image-cloud-amd64", "linux-headers-cloud-amd64")
ZFS = ("zfs-dkms", "zfsutils-linux")
# sanoid holds syncoid, whose pipes our mbuffer personality stands in. python3: small programs of
# the tests run there.
TOOLS = ("systemd-sysv", "udev", "kmod", "openssh-server", "openssh-client", "python3", "sanoid")


@dataclass(frozen=True)
class Recipe:
    name: str
    # The suites packages come from besides bookworm itself, as far as this machine's apt has them.
    updates: tuple
    # The one suite OpenZFS comes from, when it is not bookworm.
    zfs_suite: str = ""

    @property
    def packages(self):
        return (*KERNEL, *ZFS, *TOOLS)

    @property
    def preferences(self):
        """Of apt: which packages may come from a suite that is otherwise not considered."""
        if not self.zfs_suite:
            return ""
        return f"Package: src:zfs-linux\nPin: release n={self.zfs_suite}\nPin-Priority: 600\n"

    def key(self, here=HERE):
        """`here` holds the files that make the image."""
        digest = hashlib.sha256(repr(self).encode())
        overlay = sorted(path for path in (here / "overlay").rglob("*") if path.is_file())
        for path in (*overlay, here / "finish.sh", here / "image.py", here / "recipe.py"):
            digest.update(f"\0{path.relative_to(here)}\0".encode())
            digest.update(path.read_bytes())
        return f"{self.name}-{digest.hexdigest()[:KEY_DIGITS]}"


UPDATES = ("bookworm-updates", "bookworm-security")
RECIPES = {
    recipe.name: recipe for recipe in (
        Recipe("stable", UPDATES),
        Recipe("backports", UPDATES, "bookworm-backports"),
    )
}  # fmt: skip
