# SPDX-License-Identifier: BSD-2-Clause
"""What is sent: one row for each kind of dataset, made with a cipher and a key of its own, so that
together they go through all of these."""
from dataclasses import dataclass

SNAPSHOTS = ("s1", "s2", "s3", "s4")


@dataclass(frozen=True)
class Kind:
    name: str
    encryption: str
    key: str  # keyformat
    contents: str  # of fill.py
    options: str = ""  # of `zfs create`
    is_volume: bool = False
    # What its full stream must hold to be what its name says: features, kinds of record.
    features: tuple = ()
    records: tuple = ()

    def dataset(self, pool):
        return f"{pool}/{self.name}"

    @property
    def key_file(self):
        return f"$WORK/keys/{self.name}"


KINDS = (
    Kind("files", "aes-256-gcm", "hex", "files"),
    Kind("large_blocks", "aes-256-gcm", "raw", "large_blocks", "-o recordsize=1M",
         features=("large_blocks",)),
    Kind("large_dnodes", "aes-256-ccm", "passphrase", "attributes", "-o dnodesize=auto -o xattr=sa",
         features=("large_dnode",)),
    Kind("spill", "aes-128-ccm", "hex", "attributes", "-o dnodesize=legacy -o xattr=sa",
         records=("SPILL",)),
    Kind("sparse", "aes-128-gcm", "passphrase", "sparse"),
    Kind("many_files", "aes-192-ccm", "raw", "many"),
    Kind("volume", "aes-192-gcm", "passphrase", "zvol", "-V 8M -o volblocksize=16K", is_volume=True),
)  # fmt: skip
FILES = KINDS[0]
BIG = Kind("big", "aes-256-gcm", "raw", "big")
WIDE = Kind("wide", "aes-256-gcm", "raw", "wide")
PLAIN = Kind("plain", "off", "", "files")


def create(kind, dataset, generations=SNAPSHOTS):
    """Shell: the dataset with its snapshots."""
    lines = [f"rm -f {kind.key_file}", f"zfs destroy -r {dataset} 2>/dev/null || true"]
    encryption = "-o encryption=off"
    if kind.key:
        lines.append(f"make_key {kind.key} {kind.key_file}")
        encryption = (f"-o encryption={kind.encryption} -o keyformat={kind.key} "
                      f"-o keylocation=file://{kind.key_file}")  # fmt: skip
        if kind.key == "passphrase":
            encryption += " -o pbkdf2iters=100000"  # the least it takes
    command = "zfs create" if kind.is_volume else "make_dataset"
    lines.append(f"{command} {encryption} {kind.options} {dataset}")
    for generation, snapshot in enumerate(generations, 1):
        lines.append(f"python3 $BASE/fill.py {kind.contents} {contents_of(kind, dataset)} {generation}")
        lines.append(f"zfs snapshot {dataset}@{snapshot}")
    return "\n".join(lines) + "\n"


def contents_of(kind, dataset):
    """Where the contents are, for fill.py: a folder or a device."""
    return f'"$(device_of {dataset})"' if kind.is_volume else f'"$(mountpoint_of {dataset})"'
