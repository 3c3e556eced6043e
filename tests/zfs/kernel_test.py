# SPDX-License-Identifier: BSD-2-Clause
"""The tests that carry the label `kernel`, on the kernel of the virtual machine: a second one, other
than that of the host. ZSLUICE_KERNEL_TESTS names their programs."""
import io
import os
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

import case
import place

from zfs_vm import program

CORPUS = place.TOP / "tests/corpus"
# Of one program under emulation; ctest gives all of them 2400.
SECONDS_MAX = 1800


def packed_corpus():
    """Its path is compiled into the tests: there it gets the same."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(CORPUS, str(CORPUS))
    return packed.getvalue()


class Kernel(case.ZfsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.place.has_power_switch:
            raise unittest.SkipTest("on this kernel the ordinary suite has run them")
        cls.place.machine.run("tar --extract --no-same-owner --directory=/ --file=-",
                              input=packed_corpus(), check=True)  # fmt: skip

    def check(self, path):
        """All of them pass; the ring is there, so that none is skipped for want of it."""
        name = pathlib.Path(path).name
        with tempfile.TemporaryDirectory() as folder:
            stripped = f"{folder}/{name}"
            subprocess.run(["strip", "--strip-debug", "-o", stripped, path], check=True)
            program.install(self.place.machine, stripped, name, [f"/usr/local/bin/{name}"])
        answer = self.place.ask(f"ZSLUICE_REQUIRE_URING=1 {name} --gtest_brief=1",
                                seconds=SECONDS_MAX)  # fmt: skip
        self.assertEqual(answer.status, 0, str(answer))
        self.assertRegex(answer.out, r"\[  PASSED  \] [1-9][0-9]* tests")
        self.assertNotIn("SKIPPED", answer.out)


def add_programs():
    for path in os.environ["ZSLUICE_KERNEL_TESTS"].split(":"):
        setattr(Kernel, f"test_{pathlib.Path(path).name}", lambda self, path=path: self.check(path))


add_programs()

if __name__ == "__main__":
    case.main()
