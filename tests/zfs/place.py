# SPDX-License-Identifier: BSD-2-Clause
"""Where real ZFS is: a virtual machine, or this machine. The tests do not know which; they give lines
of shell and get answers.

ZSLUICE_ZFS_PLACE names it: `vm:NAME`, a machine of tools/zfs-vm that runs, or `local:DIR`, this
machine with pools in files in DIR. ZSLUICE is the program under test.

Tests that run at once do not meet: each has a space, which is a dataset of that name in every pool
and a folder for its files.
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass

TOP = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "tools/lib"))

from zfs_vm import program  # noqa: E402
from zfs_vm.machine import Machine  # noqa: E402

HERE = pathlib.Path(__file__).parent
HOME = TOP / "build/zfs-vm"
# Copied there: functions of shell, and programs that scripts call.
HELPERS = ("functions.sh", "fill.py", "fingerprint.py")
LOCAL_PREFIX = "zsluice_test_"
POOLS = ("src", "dst", "back")
PERSONALITIES = ("mbuffer", "pv")
# Of one line of shell. Emulated machines on a loaded host are slow; what hangs must still end.
SECONDS_MAX = 600
# Until subprocess gives up, after `timeout` should have ended it all.
SECONDS_TO_END = 60
WORDS_SHOWN_MAX = 2000


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    def __str__(self):
        return (f"status {self.status}\n{self.out[-WORDS_SHOWN_MAX:]}\n"
                f"{self.err[-WORDS_SHOWN_MAX:]}")  # fmt: skip


class ScriptFailed(AssertionError):
    pass


class Place:
    """`home`: a folder for the helpers and the spaces. `prefix`: of the pools' names."""

    def __init__(self, home, prefix, space):
        self.home, self.prefix = home, prefix
        self.work = f"{home}/{space}"
        self.src, self.dst, self.back = (f"{prefix}{pool}/{space}" for pool in POOLS)

    def prelude(self):
        return (f"BASE={self.home} WORK={self.work} CACHEFILE={self.cachefile}; cd $WORK || exit 1; "
                ". $BASE/functions.sh\n")  # fmt: skip

    def enter(self):
        """Makes the space."""
        self.run_words(["mkdir", "-p", f"{self.work}/keys"], SECONDS_MAX, b"")
        self.tell("".join(f"zfs create -p {dataset}\n" for dataset in (self.src, self.dst, self.back)))

    def leave(self):
        for dataset in (self.src, self.dst, self.back):
            self.ask(f"zfs destroy -R {dataset}")

    def ask(self, script, data=None, seconds=SECONDS_MAX):
        """Bash with -u and pipefail; the answer, whatever it is. `data` is its stdin."""
        ended = self.start(script, seconds, data)
        return Answer(ended.returncode, ended.stdout.decode(errors="replace"),
                      ended.stderr.decode(errors="replace"))  # fmt: skip

    def tell(self, script, data=None, seconds=SECONDS_MAX):
        """With -e as well; what it prints. It must succeed."""
        answer = self.ask("set -e\n" + script, data, seconds)
        if answer.status != 0:
            raise ScriptFailed(f"{script}\n{answer}")
        return answer.out

    def put(self, data, path):
        self.tell(f"cat >{shlex.quote(path)}", data)

    def get(self, path):
        ended = self.start(f"cat {shlex.quote(path)}", SECONDS_MAX, None)
        if ended.returncode != 0:
            raise ScriptFailed(f"{path}: {ended.stderr.decode(errors='replace')}")
        return ended.stdout

    def start(self, script, seconds, data):
        """What does not end is ended, with all members of its pipes."""
        words = ["timeout", "--kill-after=10", str(seconds),
                 "bash", "--norc", "-u", "-o", "pipefail", "-c", self.prelude() + script]  # fmt: skip
        return self.run_words(words, seconds + SECONDS_TO_END, data or b"")

    def bring_helpers(self):
        for name in HELPERS:
            self.put_raw((HERE / name).read_bytes(), f"{self.home}/{name}")

    def version(self):
        return self.tell("cat /sys/module/zfs/version").strip()


class MachinePlace(Place):
    has_power_switch = True
    cachefile = "/etc/zfs/zpool.cache"

    def __init__(self, name, space=""):
        super().__init__("/var/tmp/zsluice", "", space)
        self.machine = Machine(HOME, name)
        self.machine.require_running()

    def run_words(self, words, seconds, data):
        return self.machine.run(shlex.join(words), seconds=seconds, input=data)

    def put_raw(self, data, path):
        self.machine.run(f"cat >{shlex.quote(path)}", input=data, check=True)

    def prepare(self, zsluice):
        self.machine.run(f"mkdir -p {self.home}", check=True)
        self.bring_helpers()
        called = ["/usr/local/bin/zsluice"]
        called += [f"{self.home}/personalities/{name}" for name in PERSONALITIES]
        program.install(self.machine, zsluice, "zsluice", called)
        for pool, disk in zip(POOLS, ("vdb", "vdc", "vdd")):
            self.tell(f"make_pool {pool} /dev/{disk}")


class LocalPlace(Place):
    """All of it is in a folder `zsluice_test` in the one that was given, which must not be there yet,
    and in pools whose only device is a file in that folder."""

    has_power_switch = False
    cachefile = "none"  # the next boot of this machine shall not look for the pools
    pool_size = "4G"

    def __init__(self, folder, space=""):
        self.folder = pathlib.Path(folder).resolve() / "zsluice_test"
        if not re.fullmatch(r"[\w./-]+", str(self.folder)):
            raise ValueError(f"{self.folder}: a path that shells do not take apart is needed")
        super().__init__(str(self.folder / "work"), LOCAL_PREFIX, space)

    def run_words(self, words, seconds, data):
        environment = {**os.environ, "PATH": f"{self.home}/bin:{os.environ['PATH']}"}
        return subprocess.run(words, timeout=seconds, input=data, capture_output=True,
                              env=environment)  # fmt: skip

    def put_raw(self, data, path):
        pathlib.Path(path).write_bytes(data)

    def prepare(self, zsluice):
        # All that is removed at the end is below: nothing of somebody else's may be there.
        self.folder.mkdir()
        home = pathlib.Path(self.home)
        for folder in (home, home / "bin", home / "personalities"):
            folder.mkdir()
        self.bring_helpers()
        for path in (home / "bin/zsluice", *(home / "personalities" / name for name in PERSONALITIES)):
            path.symlink_to(pathlib.Path(zsluice).resolve())
        for pool in POOLS:
            file = f"{self.folder}/{pool}.img"
            self.tell(f"truncate -s {self.pool_size} {file}; make_pool {self.prefix}{pool} {file}")

    def our_pools(self):
        """Those with the prefix whose device lies in the folder."""
        named = self.tell("zpool list -H -o name").split()
        return [pool for pool in named if pool.startswith(self.prefix)
                and f"{self.folder}/" in self.tell(f"zpool list -H -v -P {pool}")]  # fmt: skip

    def clear_away(self):
        """A pool that cannot be destroyed keeps its files, and fails the run."""
        if not self.folder.exists():
            return
        for pool in self.our_pools():
            self.tell(f"zpool destroy -f {pool}")
        shutil.rmtree(self.folder)


def find(space=""):
    """The place of this run. Without a space: to prepare it."""
    kind, _, rest = os.environ["ZSLUICE_ZFS_PLACE"].partition(":")
    return {"vm": MachinePlace, "local": LocalPlace}[kind](rest, space)


def zsluice():
    return os.environ["ZSLUICE"]
