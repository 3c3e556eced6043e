# SPDX-License-Identifier: BSD-2-Clause
"""Two machines and this host between them, as in real life: `ssh source zfs send | zsluice pipe | ssh
target zfs receive`. The target has no zsluice, and loses its power in mid-transfer.

In a local place there is no plug to pull; these tests say so and are skipped there.
"""
import concurrent.futures
import pathlib
import shlex
import subprocess
import tempfile
import unittest

import case
import datasets
import place
import prepare

from zfs_vm import program

CLOSED = 7
SSH_LOST = 255
STREAM = pathlib.Path(__file__).parents[1] / "corpus/g256_raw_full.zsend"


class Target(place.MachinePlace):
    """A machine with ZFS and one pool, and nothing of ours but the functions of the scripts."""

    def prepare_target(self):
        self.machine.run(f"mkdir -p {self.home}/keys", check=True)
        self.bring_helpers()
        self.tell("make_pool dst /dev/vdb; sync")

    def boot_again(self):
        self.machine.start(prepare.SHAPE)
        # What its own start has not imported, its owner would.
        self.tell("zpool list -H -o name dst 2>/dev/null || zpool import -f dst")


class PowerCut(case.ZfsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.place.has_power_switch:
            raise unittest.SkipTest("a power cut needs a virtual machine: tools/test --zfs")
        name = cls.place.machine.name + prepare.SECOND
        prepare.boot(name, disks=1)
        cls.target = Target(name)
        cls.addClassCleanup(prepare.end, cls.target.machine)
        cls.target.prepare_target()
        cls.source = f"{cls.src}/{datasets.BIG.name}"
        cls.place.tell(datasets.create(datasets.BIG, cls.source, ("s1", "s2")))
        cls.addClassCleanup(cls.place.ask, f"zfs destroy -R {cls.source}")

    def over_the_line(self, send, receive, gate="cat"):
        """Statuses of zfs send, zsluice and zfs receive, and what zsluice said; zfs on its machines."""
        source = shlex.join(self.place.machine.ssh_command(f"zfs send {send}"))
        target = shlex.join(self.target.machine.ssh_command(f"zfs receive -s -u {receive}"))
        zsluice = f"{shlex.quote(place.zsluice())} pipe --quiet"
        line = f'{source} </dev/null | {gate} | {zsluice} | {target} >&2; echo "${{PIPESTATUS[*]}}"'
        ended = subprocess.run(["bash", "-c", line], capture_output=True, text=True,
                               timeout=case.SECONDS_MAX)  # fmt: skip
        sent, _, passed, received = (int(word) for word in ended.stdout.split())
        return [sent, passed, received], ended.stderr

    def check_arrived(self, target, snapshots):
        found = self.target.tell(f"zfs list -H -p -r -t snapshot -s name -o name,guid {target}")
        guids = [line.split("\t")[1] for line in found.splitlines()]
        self.assertEqual(guids, [guid for _, guid in self.snapshots(self.source)][:snapshots])
        # Only now: a file that was written just before a power cut may be empty after it.
        self.target.put(self.place.get(f"{self.place.work}/keys/big"), "keys/big")
        self.target.tell(f"open_target {target} {datasets.BIG.key_file}")
        arrived = self.target.tell(f'fingerprint "$(mountpoint_of {target})"')
        sent = self.tell(f'fingerprint "$(mountpoint_of {self.source})"/.zfs/snapshot/s{snapshots}/.')
        self.assertEqual(arrived, sent)

    def test_power_cut_of_the_target_keeps_a_token_that_completes(self):
        target = "dst/cut"
        with tempfile.TemporaryDirectory() as folder, \
                concurrent.futures.ThreadPoolExecutor() as pool:  # fmt: skip
            go = pathlib.Path(folder) / "go"
            # In the middle it halts until the power is gone, however slow the machines are.
            gate = f"{{ head -c 8000000; until [ -e {go} ]; do sleep 0.1; done; cat; }}"
            transfer = pool.submit(self.over_the_line, f"-w {self.source}@s1", target, gate)
            try:
                self.target.tell(f"wait_for has_token {target}")
                # Twice: what the first one shows may be the beginning.
                self.target.tell("zpool sync dst; zpool sync dst")
                self.target.machine.power_cut()
            finally:
                go.touch()
            statuses, words = transfer.result()
        self.assertEqual(statuses[1:], [CLOSED, SSH_LOST], words)
        self.assertIn("the reader closed", words)

        self.target.boot_again()
        token = self.target.tell(f"token_of {target}").strip()
        self.assertNotEqual(token, case.NO_TOKEN)
        self.assertEqual(self.over_the_line(f"-t {token}", target), ([0, 0, 0], ""))
        self.check_arrived(target, 1)

    # The input trickles, so that it is in the middle of something, and its end never comes, however late
    # the power goes. What has a line in the manifest is in place for good.
    TRICKLE = (
        "import sys, time\n"
        "stream = open('stream.zsend', 'rb').read()\n"
        "for at in range(0, len(stream) - 65536, 2048):\n"
        "    sys.stdout.buffer.write(stream[at:at + 2048])\n"
        "    sys.stdout.flush()\n"
        "    time.sleep(0.02)\n"
        "time.sleep(3600)\n"
    )
    SPLIT = """
    sync
    setsid bash -c 'python3 trickle.py | bin/zsluice split -q --segment-size 64K cut.store' \\
      </dev/null >/dev/null 2>&1 &
    wait_for eval '[ "$(grep -c {line} cut.store/manifest.jsonl)" -ge 5 ]'
    grep -c {line} cut.store/manifest.jsonl
    """
    GO_ON = """
    status=0
    bin/zsluice verify -q cut.store 2>/dev/null || status=$?
    echo $status
    ls cut.store/000000000 | grep -c 'zss$'
    token=$(bin/zsluice token make -q cut.store)
    bin/zsluice resume -q --token "$token" stream.zsend | bin/zsluice split -q --continue cut.store
    bin/zsluice verify -q cut.store
    bin/zsluice join -q cut.store | cmp - stream.zsend
    """

    def test_power_cut_of_a_split_leaves_a_beginning_that_goes_on(self):
        # Not where the shell looks for programs: the other tests have none there.
        program.install(self.target.machine, place.zsluice(), "zsluice",
                        [f"{self.target.work}/bin/zsluice"])  # fmt: skip
        self.target.put(STREAM.read_bytes(), "stream.zsend")
        self.target.put(self.TRICKLE.encode(), "trickle.py")
        lines = int(self.target.tell(self.SPLIT.format(line='"type.:.segment"')))
        self.target.machine.power_cut()
        self.target.boot_again()
        status, segments = self.target.tell(self.GO_ON).split()
        self.assertEqual(status, "4")  # the end is missing, and nothing else
        self.assertGreaterEqual(int(segments), lines)

    def test_target_needs_nothing_of_ours(self):
        target = "dst/plainly"
        self.assertNotEqual(self.target.ask("command -v zsluice").status, 0)
        self.assertEqual(self.over_the_line(f"-w {self.source}@s1", target), ([0, 0, 0], ""))
        self.assertEqual(self.over_the_line(f"-w -i @s1 {self.source}@s2", target), ([0, 0, 0], ""))
        self.check_arrived(target, 2)


if __name__ == "__main__":
    case.main()
