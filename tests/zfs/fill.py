#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Puts files of one kind into a folder, or changes those that are there: generation 1 makes them, each
further one changes some. The same words give the same bytes every time.

usage: fill.py KIND FOLDER GENERATION     (for zvol, FOLDER is the device)
"""
import os
import pathlib
import random
import sys

TEXT = b"A send stream is a snapshot on its way. " * 64
SMALL_FILES = 400


class Filler:
    def __init__(self, kind, folder, generation):
        self.folder, self.generation = pathlib.Path(folder), generation
        self.random = random.Random(f"{kind} {generation}")

    def noise(self, size):
        return self.random.randbytes(size)

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        # What a second of the clock brings would differ from run to run.
        os.utime(path, (1_700_000_000 + self.generation, 1_700_000_000 + self.generation))
        return path

    def overwrite(self, name, offset, data):
        with open(self.folder / name, "r+b") as file:
            file.seek(offset)
            file.write(data)
            # Of a device: others may have it open, and then closing does not write it.
            file.flush()
            os.fsync(file.fileno())

    def files(self):
        """Something of everything a home folder has."""
        if self.generation == 1:
            self.write("notes.txt", TEXT * 20)
            self.write("photo.raw", self.noise(400_000))
            self.write("empty", b"")
            self.write("one byte", b"1")
            self.write("deep/er/and/deeper/file", TEXT)
            self.write("name with\nnewline and \u00fc", b"odd")
            os.symlink("notes.txt", self.folder / "link")
            os.link(self.folder / "notes.txt", self.folder / "second name")
            os.chmod(self.folder / "photo.raw", 0o4751)
            return
        self.overwrite("photo.raw", 131072 * (self.generation - 1) - 100, self.noise(200))
        self.write(f"new {self.generation}", self.noise(50_000))
        (self.folder / "deep/er/and/deeper/file").rename(self.folder / f"moved {self.generation}")
        self.write("deep/er/and/deeper/file", TEXT[: 700 * self.generation])
        os.truncate(self.folder / "notes.txt", 30_000 - self.generation)

    def large_blocks(self):
        """With recordsize=1M: blocks of a mebibyte, and some that compress to little."""
        if self.generation == 1:
            self.write("film", self.noise(3 << 20))
            self.write("log", TEXT * 800)
            return
        self.overwrite("film", (1 << 20) + self.generation * 4096, self.noise(70_000))

    def attributes(self):
        """Extended attributes in the dnode (dnodesize=auto) or in a spill block (legacy)."""
        for number in range(12):
            path = self.folder / f"file {number}"
            if self.generation == 1 or number % 3 == self.generation % 3:
                self.write(path.name, self.noise(2000))
                for name, size in (("short", 20), ("middle", 300), ("long", 1500 + number)):
                    os.setxattr(path, f"user.{name}", self.noise(size))

    def sparse(self):
        if self.generation == 1:
            with open(self.folder / "disk.img", "wb") as file:
                file.truncate(16 << 20)
                for offset in (0, 3 << 20, (10 << 20) + 12345, (16 << 20) - 5000):
                    file.seek(offset)
                    file.write(self.noise(5000))
            return
        self.overwrite("disk.img", 3 << 20, bytes(131072))
        self.overwrite("disk.img", (4 + self.generation) << 20, self.noise(3000))

    def many(self):
        for number in range(SMALL_FILES):
            name = f"{number % 7}/{number}"
            if self.generation == 1:
                self.write(name, self.noise(self.random.randrange(3000)))
            elif number % 5 == self.generation:
                (self.folder / name).unlink(missing_ok=True)
            elif number % 11 == self.generation:
                self.write(name, self.noise(5000))

    def zvol(self):
        self.overwrite("", (self.generation - 1) << 20, self.noise(600_000))
        self.overwrite("", 6 << 20, TEXT * self.generation)

    def big(self):
        """Enough to be in the middle of it for a while."""
        for number in range(3):
            self.write(f"part {number}", self.noise(8 << 20))

    def wide(self):
        """More than the smallest buffer and all pipes hold."""
        for number in range(6):
            self.write(f"part {number}", self.noise(8 << 20))


def main(kind, folder, generation):
    getattr(Filler(kind, folder, int(generation)), kind)()


if __name__ == "__main__":
    main(*sys.argv[1:])
