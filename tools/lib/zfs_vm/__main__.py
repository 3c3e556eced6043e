# SPDX-License-Identifier: BSD-2-Clause
"""The commands of tools/zfs-vm."""
import argparse
import os
import pathlib
import re
import subprocess
import sys

from . import image as images
from . import program
from .machine import Machine, MachineError, Shape, machines
from .recipe import RECIPES

TOP = pathlib.Path(__file__).parents[3]
HOME = TOP / "build/zfs-vm"
ZSLUICE = TOP / "build/release/src/cli/zsluice"
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
# A machine's name is the name of a folder, and part of qemu's options.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
DESCRIPTION = """A virtual machine with real OpenZFS, from Debian's own packages.

    tools/zfs-vm start                  build the image if there is none, make a machine, boot it
    tools/zfs-vm install                put zsluice there (build/release first: tools/test --preset release)
    tools/zfs-vm ssh                    a shell in it; disks for pools are /dev/vdb, vdc, vdd
    tools/zfs-vm ssh zpool create tank vdb
    tools/zfs-vm copy FILE... :/tmp     to the machine; `copy :/tmp/FILE .` from it
    tools/zfs-vm power-cut              as if the plug were pulled; `start` again boots the same disks
    tools/zfs-vm stop                   shut it down

Several machines run at once by --name. They live in build/zfs-vm/machines, images in
build/zfs-vm/images; `ssh -F build/zfs-vm/machines/vm/ssh_config vm` works for any program that calls
ssh. From inside, the host is 10.0.2.2."""


def parse_size(text):
    found = re.fullmatch(r"([1-9][0-9]*)([KMGT]?)", text.upper())
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' is no size such as 512M or 4G")
    return int(found.group(1)) * UNITS[found.group(2)]


def parse_count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return int(text)


def parse_disks(text):
    count = parse_count(text)
    if count > 24:
        raise argparse.ArgumentTypeError("at most 24 disks")
    return count


def parse_name(text):
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"'{text}' is no name (letters, digits, - and _)")
    return text


def say(text):
    print(f"zfs-vm: {text}", file=sys.stderr, flush=True)


def build(options):
    image = images.build(HOME, options.zfs or "stable", say, options.anew)
    versions = ", ".join(f"{name} {version}" for name, version in image.versions().items() if version)
    say(f"{image.folder.name}: {versions}")
    return 0


def start(options):
    machine = Machine(HOME, options.name)
    shape = Shape(options.disks or Shape.disks, options.disk_size or Shape.disk_size,
                  options.memory >> 20, options.minutes)  # fmt: skip
    if options.fresh or not machine.exists:
        machine.make(images.build(HOME, options.zfs or "stable", say), shape)
    else:
        require_same(machine, options)
    say(f"{machine.name}: booting")
    machine.start(shape)
    say(f"{machine.name}: up, for {options.minutes} minutes at most")
    return 0


def require_same(machine, options):
    """What was asked for a machine that exists must be what it was made with."""
    made = machine.made()
    wanted = {"disks": options.disks, "disk_size": options.disk_size}
    differs = [name for name, value in wanted.items() if value and value != made.get(name)]
    if options.zfs and not made.get("image", "").startswith(options.zfs + "-"):
        differs.append("zfs")
    if differs:
        raise MachineError(f"{machine.name} was made with other {', '.join(differs)}: "
                           "--fresh makes it anew, with empty disks")  # fmt: skip


def ssh(options):
    machine = Machine(HOME, options.name)
    machine.require_running()
    terminal = ["-t"] if not options.command and sys.stdin.isatty() else []
    command = machine.ssh_command(*options.command, options=terminal)
    os.execvp(command[0], command)


def copy(options):
    machine = Machine(HOME, options.name)
    machine.require_running()
    *sources, target = options.paths
    if not sources:
        raise MachineError("copy needs a source and a target; those in the machine begin with ':'")
    return machine.copy(sources, target)


def install(options):
    machine = Machine(HOME, options.name)
    machine.require_running()
    given = pathlib.Path(options.program)
    if not given.exists():
        raise MachineError(f"{given} does not exist: tools/test --preset release builds it")
    program.install(machine, given, given.name, [f"/usr/local/bin/{given.name}"])
    say(f"{machine.name}: /usr/local/bin/{given.name}")
    return 0


def stop(options):
    if not Machine(HOME, options.name).stop():
        say(f"{options.name} did not shut down, and was killed")
        return 1
    return 0


def power_cut(options):
    Machine(HOME, options.name).power_cut()
    return 0


def status(_options):
    for machine in machines(HOME):
        print(f"{machine.name}\t{'running' if machine.is_running() else 'stopped'}\t{machine.folder}")
    return 0


def parser():
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument("--name", default="vm", type=parse_name, help="which machine (vm)")
    flavoured = argparse.ArgumentParser(add_help=False)
    flavoured.add_argument("--zfs", choices=sorted(RECIPES),
                           help="bookworm's own OpenZFS (stable) or that of its backports")  # fmt: skip
    whole = argparse.ArgumentParser(prog="tools/zfs-vm", description=DESCRIPTION,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    commands = whole.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def command(run, name, words, *parents):
        made = commands.add_parser(name, help=words, description=words, parents=parents)
        made.set_defaults(run=run)
        return made

    made = command(build, "build", "build the image, if there is none", flavoured)
    made.add_argument("--anew", action="store_true", help="build it again, with today's packages")
    made = command(start, "start", "boot a machine; makes it when there is none", named, flavoured)
    made.add_argument("--fresh", action="store_true", help="with new, empty disks")
    made.add_argument("--disks", type=parse_disks, help="how many (3)")
    made.add_argument("--disk-size", type=parse_size, help="of each disk, sparse (4G)")
    made.add_argument("--memory", type=parse_size, default=Shape.memory_mib << 20, help="(3G)")
    made.add_argument("--minutes", type=parse_count, default=Shape.minutes,
                      help="after which it ends by itself (120)")  # fmt: skip
    made = command(ssh, "ssh", "a shell, or a command, in it", named)
    made.add_argument("command", nargs=argparse.REMAINDER)
    made = command(copy, "copy", "files into it or out of it; ':' begins a path in it", named)
    made.add_argument("paths", nargs="+")
    made = command(install, "install", "put a program there, with the libraries it needs", named)
    made.add_argument("program", nargs="?", default=ZSLUICE)
    command(stop, "stop", "shut it down", named)
    command(power_cut, "power-cut", "kill it", named)
    command(status, "status", "which machines there are")
    return whole


def main():
    options = parser().parse_args()
    try:
        return options.run(options)
    except (images.CannotBuild, MachineError, OSError, subprocess.SubprocessError) as failure:
        say(failure)
        return 1


if __name__ == "__main__":
    sys.exit(main())
