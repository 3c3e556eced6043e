# SPDX-License-Identifier: BSD-2-Clause
"""What was interrupted goes on: from real tokens with streams made of stored ones, and from tokens
that zsluice made with streams of the real `zfs send -t`. Cut at many places of each kind of stream,
which is kept as a file and as a store of segments."""
import dataclasses
import json
import os

import case
import datasets

# How often each kind of stream is cut.
CUTS = int(os.environ.get("ZSLUICE_ZFS_CUTS", "10"))
SPILL = next(kind for kind in datasets.KINDS if kind.name == "spill")
VOLUME = next(kind for kind in datasets.KINDS if kind.is_volume)
# These receivers have no token behind OBJECTs (corpus experiments); ours is as theirs.
EXACT_VERSION = "2.1."


@dataclasses.dataclass(frozen=True)
class Job:
    name: str
    kind: datasets.Kind
    send: str  # of the source
    base: str = ""  # what the receiver must have before
    cuts: int = CUTS


JOBS = (
    Job("full", datasets.FILES, "-w {source}@s1"),
    Job("incremental", datasets.FILES, "-w -i @s1 {source}@s2", "-w {source}@s1"),
    Job("spill", SPILL, "-w {source}@s1", cuts=min(4, CUTS)),
    Job("volume", VOLUME, "-w {source}@s1"),
    Job("volume_incremental", VOLUME, "-w -i @s1 {source}@s2", "-w {source}@s1", cuts=min(4, CUTS)),
)


def places(size, cuts=CUTS):
    """In the middle of records, mostly; then others, in place of those that were too early for a token."""
    yield from (size * (2 * number + 1) // (2 * cuts) for number in range(cuts))
    yield from (size * number // cuts for number in range(cuts - 1, 0, -1))


class Resume(case.ZfsTest):
    # The bytes that a receiver says it has read are its own affair (they add up over attempts).
    RECEIVE = """
    wait_for is_destroyed {target}
    {base}
    head -c {at} {name}.zsend >cut.zsend
    zfs receive -s -u {target} <cut.zsend 2>/dev/null && exit 1
    token=$(token_of {target})
    if [ "$token" = - ]; then
      zsluice token make -q cut.zsend 2>/dev/null && exit 1
      echo none
      exit 0
    fi
    zsluice token check -q --expect-toguid "$(zfs get -H -p -o value guid {snapshot})" "$token"
    zsluice token decode -q --json "$token"
    made=$(zsluice token make -q cut.zsend)
    zsluice token decode -q --json "$made"
    zfs send -t "$made" | zsluice resume -q --stitch cut.zsend - | cmp - {name}.zsend
    rm -rf cut.store
    zsluice split -q --segment-size 64K cut.store <cut.zsend 2>/dev/null && exit 1
    zfs send -t "$(zsluice token make -q cut.store)" | zsluice split -q --continue cut.store
    diff -r cut.store {name}.store
    zsluice join -q cut.store | cmp - {name}.zsend
    zsluice resume -q --token "$token" {name}.zsend >rest.zsend
    zfs send -t "$token" | cmp - rest.zsend && echo same as zfs send
    zsluice resume -q --token "$token" {name}.store | cmp - rest.zsend
    zsluice resume -q --token "$token" {name}.store | zfs receive -s -u {target}
    zfs get -H -o value receive_resume_token,encryptionroot,keystatus {target}
    open_target {target} {key}
    """
    # One round trip for each place: of a dataset that is open, what has to be the same.
    FACTS = """
    zfs list -H -p -r -t snapshot -s name -o guid {dataset}
    {contents}
    """

    def facts_of(self, kind, dataset):
        contents = (f'sha256sum <"$(device_of {dataset})"' if kind.is_volume
                    else f'fingerprint "$(mountpoint_of {dataset})"')  # fmt: skip
        return self.FACTS.format(dataset=dataset, contents=contents)

    def check(self, job):
        source, target = self.make(job.kind, ("s1", "s2")), f"{self.dst}/{job.name}"
        self.addCleanup(self.destroy, target)
        send = job.send.format(source=source)
        snapshot = f"{source}@{send[-2:]}"
        size = int(self.tell(f"""
        zfs send {send} >{job.name}.zsend
        rm -rf {job.name}.store
        zsluice split -q --segment-size 64K {job.name}.store <{job.name}.zsend
        zsluice verify -q -j2 {job.name}.store
        stat -c %s {job.name}.zsend
        """))
        base = f"zfs send {job.base.format(source=source)} | zfs receive -u {target}" if job.base else ""
        # Snapshots that come later than what is sent are not on the target.
        self.tell(f"zfs destroy {source}@s2; zfs rollback {source}@s1" if send.endswith("@s1") else "true")
        wanted = self.tell(self.facts_of(job.kind, source)).splitlines()
        self.assertGreater(len(wanted), 1 if job.kind.is_volume else 3, "the source is empty")
        resumed = 0
        for at in places(size, job.cuts):
            if resumed == job.cuts:
                break
            with self.subTest(at=at):
                script = self.RECEIVE.format(target=target, base=base, at=at, name=job.name,
                                             snapshot=snapshot, key=job.kind.key_file)  # fmt: skip
                answer = self.tell(script + self.facts_of(job.kind, target))
                if answer.strip() == "none":
                    continue
                lines = answer.splitlines()
                self.check_tokens(*(json.loads(line)["token"] for line in lines[:2]))
                self.assertEqual(lines[2:6], ["same as zfs send", "-", target, "unavailable"])
                self.assertEqual(lines[6:], wanted)
                resumed += 1
        self.assertEqual(resumed, job.cuts, "too few places gave a token")

    def check_tokens(self, real, made):
        if self.place.version().startswith(EXACT_VERSION):
            self.assertEqual({**made, "bytes": 0}, {**real, "bytes": 0})
        else:
            # It goes on where the real one does, or before.
            self.assertLessEqual((made["object"], made["offset"]), (real["object"], real["offset"]))
            places = {"object": 0, "offset": 0, "bytes": 0}
            self.assertEqual({**made, **places}, {**real, **places})


def add_jobs():
    for job in JOBS:
        setattr(Resume, f"test_{job.name}_stream_goes_on_from_every_place",
                lambda self, job=job: self.check(job))  # fmt: skip


add_jobs()


@dataclasses.dataclass(frozen=True)
class Package:
    name: str
    send: str  # of the tree
    base: str = ""
    child: str = ""  # a dataset below it


PACKAGES = (
    Package("replication", "-w -R {tree}@r3", child="/child"),
    Package("snapshots", "-w -I @r1 {tree}@r3", "-w {tree}@r1"),
)


class Rest(case.ZfsTest):
    """A package that was cut: its rest comes as one stream."""

    MAKE = """
    rm -f $WORK/keys/tree; make_key hex $WORK/keys/tree
    make_dataset -o encryption=aes-256-gcm -o keyformat=hex -o keylocation=file://$WORK/keys/tree {tree}
    for name in {below}; do make_dataset $name; done
    for number in 1 2 3; do
      for name in {tree} {below}; do
        python3 $BASE/fill.py files "$(mountpoint_of $name)" $number
      done
      zfs snapshot -r {tree}@r$number
    done
    """
    SEND = """
    zfs send {send} >tree.zsend
    rm -rf tree.store
    zsluice split -q --segment-size 64K tree.store <tree.zsend
    stat -c %s tree.zsend
    """
    RECEIVE = """
    wait_for is_destroyed {target}
    {base}
    zfs receive -s -u {target} < <(head -c {at} tree.zsend) 2>/dev/null && exit 1
    token=$(zfs get -H -r -o value receive_resume_token {target} | grep -v '^-$' || true)
    if [ -z "$token" ]; then echo none; exit 0; fi
    zfs send -t "$token" | cmp - <(zsluice resume -q --token "$token" tree.zsend)
    zfs send -t "$token" | cmp - <(zsluice resume -q --token "$token" tree.store)
    rm -rf cut.store
    zsluice split -q --segment-size 64K cut.store < <(head -c {at} tree.zsend) 2>/dev/null && exit 1
    # Receivers of 2.2.4 and later count OBJECTs, too, and may have a token before there is data.
    if ! made=$(zsluice token make -q cut.store 2>/dev/null); then echo none; exit 0; fi
    status=0
    zfs send -t "$made" | zsluice split -q --continue cut.store 2>/dev/null || status=$?
    echo $status
    # Between two snapshots: all of the one that was cut is there.
    zsluice token make -q cut.store 2>/dev/null && exit 1
    zsluice join -q cut.store >cut.zsend 2>/dev/null && exit 1
    cmp -n "$(stat -c %s cut.zsend)" cut.zsend tree.zsend
    zsluice resume -q --rest --token "$token" tree.zsend >rest.zsend
    zsluice resume -q --rest --token "$token" tree.store | cmp - rest.zsend
    zsluice resume --rest --token "$token" tree.store 2>words | zfs receive -s -u {target}
    for name in {names}; do
      zfs load-key -L file://$WORK/keys/tree $name 2>/dev/null || true
      if [ "$(zfs get -H -o value encryptionroot $name)" != {target} ]; then
        grep -q 'zfs change-key -i' words
        zfs change-key -i $name
      fi
      zfs get -H -o value encryptionroot $name
    done
    stat -c %s cut.zsend
    open_target {target} $WORK/keys/tree
    """
    # A package is not continued beyond the snapshot that was cut.
    UNFINISHED = "4"

    def check(self, package):
        source, target = f"{self.src}/tree", f"{self.dst}/tree"
        self.addCleanup(self.destroy, source, target)
        names = [""] + [package.child] * bool(package.child)
        below = source + package.child if package.child else ""
        self.tell(self.MAKE.format(tree=source, below=below))
        size = int(self.tell(self.SEND.format(send=package.send.format(tree=source))))
        base = f"zfs send {package.base.format(tree=source)} | zfs receive -u {target}" if package.base else ""
        resumed = 0
        for at in places(size):
            if resumed == CUTS:
                break
            with self.subTest(at=at):
                script = self.RECEIVE.format(target=target, at=at, base=base,
                                             names=" ".join(target + name for name in names))  # fmt: skip
                answer = self.tell(script).split()
                if answer == ["none"]:
                    continue
                self.assertEqual(answer[:-1], [self.UNFINISHED] + [target] * len(names))
                self.assertGreaterEqual(int(answer[-1]), at)
                for name in names:
                    self.assertEqual(self.guids(target + name), self.guids(source + name))
                    self.assertEqual(self.fingerprint(target + name), self.fingerprint(source + name))
                resumed += 1
        self.assertEqual(resumed, CUTS, "too few places gave a token")

    def guids(self, name):
        return self.tell(f"zfs list -H -p -d 1 -t snapshot -s name -o guid {name}").split()


def add_packages():
    for package in PACKAGES:
        setattr(Rest, f"test_rest_of_{package.name}_completes_it_from_every_place",
                lambda self, package=package: self.check(package))  # fmt: skip


add_packages()


if __name__ == "__main__":
    case.main()
