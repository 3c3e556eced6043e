#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is in a folder: a line for each entry with everything a backup must bring back. A file that
cannot be read is told of, as ZFS does when a block does not fit its authentication code."""
import hashlib
import os
import stat
import sys

PIECE = 1 << 20


def digest(path):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def attributes(path):
    return sorted((name, hashlib.sha256(os.getxattr(path, name, follow_symlinks=False)).hexdigest())
                  for name in os.listxattr(path, follow_symlinks=False))  # fmt: skip


def line_of(path, shown):
    facts = os.lstat(path)
    words = [repr(shown), oct(facts.st_mode), facts.st_uid, facts.st_gid, facts.st_nlink,
             facts.st_mtime_ns, attributes(path)]  # fmt: skip
    if stat.S_ISREG(facts.st_mode):
        words += [facts.st_size, digest(path)]
    elif stat.S_ISLNK(facts.st_mode):
        words.append(repr(os.readlink(path)))
    return " ".join(map(str, words))


def entries(top):
    yield top
    for folder, folders, files in os.walk(top, onerror=lambda error: print(f"unreadable: {error}")):
        folders.sort()
        yield from (os.path.join(folder, name) for name in sorted([*folders, *files]))


def main(top):
    for path in entries(top):
        shown = os.path.relpath(path, top)
        if shown.split(os.sep)[0] == ".zfs":
            continue
        try:
            print(line_of(path, shown))
        except OSError as error:
            print(f"{shown!r} unreadable: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1])
