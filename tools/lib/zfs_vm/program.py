# SPDX-License-Identifier: BSD-2-Clause
"""Brings a program of this host into a machine, with the loader and the libraries it was linked
with, so that it runs there whatever this host is and without installing anything."""
import io
import re
import subprocess
import tarfile

# "libfoo.so.1 => /lib/libfoo.so.1 (0x…)" and "/lib64/ld-linux-x86-64.so.2 (0x…)"
LIBRARY = re.compile(r"(?:=>\s*)?(/\S+)\s+\(0x[0-9a-f]+\)")
# A folder for each program: one may run while another is brought.
HOME = "/opt/zsluice"
# --argv0: zsluice looks at the name it is called by.
WRAPPER = """#!/bin/sh
exec {home}/lib/{loader} --argv0 "$0" --library-path {home}/lib {home}/program "$@"
"""


def libraries(program):
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [found.group(1) for found in LIBRARY.finditer(listed)]


def pack(program, name, called):
    """A tar archive for the machine's root folder. `called`: the paths it can be called by there."""
    paths = libraries(program)
    loaders = [path.rsplit("/", 1)[1] for path in paths if "/ld-linux" in path]
    if not loaders:
        raise OSError(f"{program} names no loader: is it linked statically?")
    home = f"{HOME}/{name}"
    text = WRAPPER.format(home=home, loader=loaders[0]).encode()
    packed = io.BytesIO()
    # As they are, not as links to what they are.
    with tarfile.open(fileobj=packed, mode="w", dereference=True) as archive:
        archive.add(program, f"{home}/program")
        for path in paths:
            archive.add(path, f"{home}/lib/{path.rsplit('/', 1)[1]}")
        for path in called:
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(text), 0o755
            archive.addfile(entry, io.BytesIO(text))
    return packed.getvalue()


def install(machine, program, name, called):
    ended = machine.run("tar --extract --no-same-owner --directory=/ --file=-",
                        input=pack(program, name, called))  # fmt: skip
    if ended.returncode != 0:
        raise OSError(f"{program} could not be copied: {ended.stderr.decode(errors='replace')}")
