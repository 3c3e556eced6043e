# SPDX-License-Identifier: BSD-2-Clause
"""Real datasets through `zsluice pipe` into a real receiver, and back into a third pool: the restore."""
import json

import case
from datasets import BIG, KINDS


class PassThrough(case.ZfsTest):
    """Each kind of dataset: full, one increment, several increments in a package, restored."""

    def check(self, kind):
        source, target, restored = (kind.dataset(pool) for pool in (self.src, self.dst, self.back))
        self.make(kind)
        self.check_kind(kind, source)
        self.addCleanup(self.destroy, target, restored)
        self.pass_through(f"-w {source}@s1", target)
        self.pass_through(f"-w -i @s1 {source}@s2", target)
        self.pass_through(f"-w -I @s2 {source}@s4", target)
        self.check_received(kind, source, target)
        self.pass_through(f"-w -R {target}@s4", restored)
        self.check_received(kind, source, restored)


    def check_kind(self, kind, source):
        """The stream is of the kind the test is named after."""
        found = json.loads(self.tell(f"zfs send -w {source}@s1 | zsluice inspect --json"))
        stream = found["streams"][0]["substreams"][0]
        self.assertEqual((stream["encryption"]["suite"], stream["encryption"]["key_format"]),
                         (kind.encryption, kind.key))  # fmt: skip
        self.assertEqual(stream["objset_type"], "volume" if kind.is_volume else "filesystem")
        self.assertLessEqual(set(kind.features), set(stream["features"]))
        for record in kind.records:
            self.assertGreater(stream["records"][record], 0, record)


def add_kinds():
    for kind in KINDS:
        setattr(PassThrough, f"test_{kind.name}_arrives_and_comes_back",
                lambda self, kind=kind: self.check(kind))  # fmt: skip


add_kinds()


class Package(case.ZfsTest):
    """`zfs send -R`: children, a clone, a volume, holds and properties."""

    MAKE = """
    rm -f $WORK/keys/tree; make_key hex $WORK/keys/tree
    make_dataset -o encryption=aes-256-gcm -o keyformat=hex -o keylocation=file://$WORK/keys/tree {tree}
    make_dataset -o recordsize=16K -o zsluice:owner=somebody {tree}/child
    make_dataset {tree}/child/grandchild
    zfs create -V 4M -o volblocksize=8K {tree}/volume
    fill() {{ python3 $BASE/fill.py "$1" "$2" "$3"; }}
    fill files "$(mountpoint_of {tree})" 1
    fill many "$(mountpoint_of {tree}/child)" 1
    fill files "$(mountpoint_of {tree}/child/grandchild)" 1
    head -c 1M /dev/urandom | dd of="$(device_of {tree}/volume)" bs=64K iflag=fullblock conv=fsync status=none
    zfs snapshot -r {tree}@r1
    zfs hold -r keep {tree}@r1
    zfs clone {tree}/child/grandchild@r1 {tree}/clone
    fill files "$(mountpoint_of {tree}/clone)" 2
    zfs snapshot -r {tree}@r2
    """
    CHANGE = """
    fill() {{ python3 $BASE/fill.py "$1" "$2" "$3"; }}
    fill files "$(mountpoint_of {tree})" 2
    fill many "$(mountpoint_of {tree}/child)" 2
    zfs set zsluice:owner=another {tree}/child
    make_dataset {tree}/late
    fill files "$(mountpoint_of {tree}/late)" 1
    zfs snapshot -r {tree}@r3
    """
    FILE_SYSTEMS = ("", "/child", "/child/grandchild", "/clone", "/late")

    def facts(self, tree):
        """All but the contents, without the pool's name."""
        script = """
        zfs list -H -r -t filesystem,volume -o name,type,origin,encryptionroot,recordsize {tree}
        zfs get -H -r -t filesystem -o name,property,value zsluice:owner {tree}
        zfs list -H -r -t snapshot -o name {tree} | xargs zfs holds -H | cut -f 1,2
        """
        return self.tell(script.format(tree=tree)).replace(tree, "TREE")

    def check_same(self, source, target):
        self.assertEqual(self.tell(f"token_of {target}").strip(), case.NO_TOKEN)
        self.assertEqual(self.facts(target), self.facts(source))
        self.assertEqual(self.snapshots(target), self.snapshots(source))
        self.assertEqual(self.tell(f"zfs get -H -o value keystatus {target}").strip(), "unavailable")
        self.tell(f"open_target {target} $WORK/keys/tree")
        for name in self.FILE_SYSTEMS:
            with self.subTest(name):
                self.assertEqual(self.fingerprint(target + name), self.fingerprint(source + name))
        volumes = self.tell("\n".join(f'sha256sum <"$(device_of {tree}/volume)"'
                                      for tree in (source, target))).splitlines()  # fmt: skip
        self.assertEqual(volumes[0], volumes[1])

    def test_package_with_all_it_can_hold_arrives_and_comes_back(self):
        source, target, restored = (f"{pool}/tree" for pool in (self.src, self.dst, self.back))
        self.addCleanup(self.release, source, target, restored)
        self.tell(self.MAKE.format(tree=source))
        self.pass_through(f"-w -R -h {source}@r2", target)
        self.tell(self.CHANGE.format(tree=source))
        self.pass_through(f"-w -R -h -I @r2 {source}@r3", target)
        self.check_same(source, target)
        self.pass_through(f"-w -R -h {target}@r3", restored)
        self.check_same(source, restored)

    def release(self, *trees):
        for tree in trees:
            self.place.ask(f"zfs list -H -r -t snapshot -o name {tree} | xargs -n 1 zfs release keep")
        self.destroy(*trees)


class EveryPath(case.ZfsTest):
    """The ways of moving bytes besides the one that all other tests take."""

    def test_every_io_path_delivers_the_same(self):
        source = self.make(BIG, ("s1",))
        for io in ("poll", "copy"):
            with self.subTest(io):
                target = f"{self.dst}/by_{io}"
                self.addCleanup(self.destroy, target)
                self.pass_through(f"-w {source}@s1", target, f"--io {io}")
                self.check_received(BIG, source, target)


if __name__ == "__main__":
    case.main()
