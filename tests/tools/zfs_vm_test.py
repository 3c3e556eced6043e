# SPDX-License-Identifier: BSD-2-Clause
"""The parts of tools/zfs-vm that need no machine: recipes, sources of packages, words on the command
line, programs that are packed."""
import argparse
import io
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from unittest import mock

TOP = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "tools/lib"))

import apt_sources  # noqa: E402
from zfs_vm import __main__ as commands  # noqa: E402
from zfs_vm import image, machine, program, recipe  # noqa: E402

# What apt says on a machine with the usual sources.
KNOWN = [("http://one/debian", "bookworm"), ("http://one/debian", "bookworm-updates"),
         ("http://two/security", "bookworm-security")]  # fmt: skip


class Sources(unittest.TestCase):
    def lines(self, name, known):
        lines = image.source_lines(recipe.RECIPES[name], known)
        return [line.split("] ")[1] for line in lines]

    def test_each_suite_comes_from_where_the_machine_gets_it(self):
        self.assertEqual(self.lines("stable", KNOWN),
                         ["http://one/debian bookworm main contrib",
                          "http://one/debian bookworm-updates main contrib",
                          "http://two/security bookworm-security main contrib"])  # fmt: skip

    def test_backports_come_from_the_mirror_of_the_release(self):
        self.assertEqual(self.lines("backports", KNOWN[:1]),
                         ["http://one/debian bookworm main contrib",
                          "http://one/debian bookworm-backports main contrib"])  # fmt: skip

    def test_a_machine_of_another_release_has_a_mirror_of_all(self):
        with mock.patch.object(apt_sources, "release_name", return_value="trixie"):
            self.assertEqual(self.lines("stable", [("http://one/debian", "trixie")]),
                             ["http://one/debian bookworm main contrib"])  # fmt: skip

    def test_without_any_source_it_says_so(self):
        with mock.patch.object(apt_sources, "release_name", return_value="unheard-of"):
            with self.assertRaisesRegex(image.CannotBuild, "no source of Debian bookworm"):
                self.lines("stable", [])


class Recipes(unittest.TestCase):
    def test_key_follows_all_that_makes_the_image(self):
        stable = recipe.RECIPES["stable"]
        with tempfile.TemporaryDirectory() as folder:
            here = pathlib.Path(folder) / "zfs_vm"
            shutil.copytree(recipe.HERE, here)
            keys = [stable.key(here), recipe.RECIPES["backports"].key(here)]
            for name in ("overlay/new", "overlay/etc/fstab", "finish.sh", "image.py", "recipe.py"):
                with open(here / name, "a", encoding="utf-8") as file:
                    file.write("# more\n")
                keys.append(stable.key(here))
            self.assertEqual(keys[0], stable.key(), "the same files elsewhere are the same image")
        self.assertEqual(len(set(keys)), len(keys))

    def test_only_zfs_is_taken_from_backports(self):
        self.assertEqual(recipe.RECIPES["stable"].preferences, "")
        self.assertIn("Package: src:zfs-linux\nPin: release n=bookworm-backports",
                      recipe.RECIPES["backports"].preferences)  # fmt: skip


class Words(unittest.TestCase):
    def test_sizes(self):
        for text, size in (("512M", 512 << 20), ("4g", 4 << 30), ("7", 7)):
            self.assertEqual(commands.parse_size(text), size)
        for text in ("", "0", "4GB", "-1", "1.5G"):
            with self.assertRaises(argparse.ArgumentTypeError):
                commands.parse_size(text)

    def test_a_name_is_the_name_of_a_folder(self):
        self.assertEqual(commands.parse_name("vm-2_a"), "vm-2_a")
        for text in ("", "..", "a/b", "-n", "a,b", "x" * 33):
            with self.assertRaises(argparse.ArgumentTypeError):
                commands.parse_name(text)

    def test_options_behind_a_command_for_the_machine_belong_to_it(self):
        options = commands.parser().parse_args(["ssh", "--name", "b", "zfs", "list", "-r", "--name"])
        self.assertEqual((options.name, options.command), ("b", ["zfs", "list", "-r", "--name"]))

    def test_what_does_not_run_is_told_with_the_way_out(self):
        with tempfile.TemporaryDirectory() as folder:
            absent = machine.Machine(folder, "absent")
            self.assertFalse(absent.is_running())
            with self.assertRaisesRegex(machine.MachineError, "absent is not running: tools/zfs-vm start"):
                absent.require_running()
            absent.folder.mkdir(parents=True)
            # The number of a process that is none of ours.
            (absent.folder / "pid").write_text("1", encoding="utf-8")
            self.assertFalse(absent.is_running())


class Programs(unittest.TestCase):
    def test_a_packed_program_runs_from_its_own_libraries_by_the_name_it_is_called(self):
        """Unpacked anywhere: the paths inside are for the machine, so that they are replaced here."""
        packed = program.pack("/bin/sh", "shell", ["/usr/local/bin/called"])
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                archive.extractall(folder)
            wrapper = pathlib.Path(folder) / "usr/local/bin/called"
            text = wrapper.read_text(encoding="utf-8").replace(program.HOME, folder + program.HOME)
            wrapper.write_text(text, encoding="utf-8")
            ended = subprocess.run([wrapper, "-c", 'echo "$0" "$1"', "zero", "one two"],
                                   capture_output=True, text=True)  # fmt: skip
            self.assertEqual((ended.returncode, ended.stdout), (0, "zero one two\n"), ended.stderr)
            self.assertTrue(any((pathlib.Path(folder + program.HOME) / "shell/lib").glob("libc.so*")))


if __name__ == "__main__":
    unittest.main()
