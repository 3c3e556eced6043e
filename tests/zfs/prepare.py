# SPDX-License-Identifier: BSD-2-Clause
"""Before and after the tests with real ZFS, as ctest's fixture: boots a machine with empty disks (or
takes this one), makes the pools, brings the program; and takes all of it away again.

usage: prepare.py up|down        ZSLUICE_ZFS_PLACE, ZSLUICE_ZFS_VERSION and ZSLUICE: see place.py
"""
import dataclasses
import os
import sys

import place

from zfs_vm import image
from zfs_vm.machine import Machine, MachineError, Shape

MAKER = "tests"
# Behind the name, that of the machine that power_cut_test.py boots besides.
SECOND = "_target"
# Two hours: longer than ctest gives the tests on any machine.
SHAPE = Shape(memory_mib=2048, minutes=120)


def recipe():
    return os.environ.get("ZSLUICE_ZFS_VERSION", "stable")


def say(text):
    print(text, flush=True)


def end(machine):
    if machine.is_running():
        machine.power_cut()


def boot(name, disks=3):
    """A machine with empty disks. One that these tests made before is gone; any other stays."""
    machine = Machine(place.HOME, name)
    if machine.exists and machine.made().get("maker") != MAKER:
        raise MachineError(f"{name} is not a machine of the tests: they need another name")
    end(machine)
    shape = dataclasses.replace(SHAPE, disks=disks)
    machine.make(image.build(place.HOME, recipe(), say), shape, MAKER)
    machine.start(SHAPE)
    return machine


def up(where):
    kind, _, name = where.partition(":")
    if kind == "vm":
        boot(name)
    found = place.find()
    found.prepare(place.zsluice())
    say(f"OpenZFS {found.version()}, {found.tell('uname -sr').strip()}, "
        f"{found.tell('zsluice --version').strip()}")  # fmt: skip


def down(where):
    kind, _, name = where.partition(":")
    if kind == "local":
        place.find().clear_away()
    else:
        for machine in (Machine(place.HOME, name), Machine(place.HOME, name + SECOND)):
            end(machine)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]](os.environ["ZSLUICE_ZFS_PLACE"])
