# SPDX-License-Identifier: BSD-2-Clause
"""Where and with what the figures were made."""
import datetime
import os
import pathlib
import platform
import re
import subprocess

VERSION_COMMANDS = (
    ("zsluice", "--version"),
    ("mbuffer", "--version"),
    ("pv", "--version"),
    ("xxhsum", "--version"),
    ("cat", "--version"),
)


def cpu_model():
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def kernel_version():
    """Without what a builder has added."""
    return re.match(r"[\d.]*", platform.release())[0]


def memory_gib():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)


def version_of(command):
    """The first line that holds a digit; some tools print it on stderr."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "not installed"
    lines = (done.stdout + done.stderr).splitlines()
    return next((line.strip() for line in lines if re.search(r"\d", line)), "of unknown version")


def zstream_version(program):
    if program is None:
        return "none"
    packages = sorted(pathlib.Path(program).parent.glob("zfsutils-linux_*.deb"))
    return packages[0].name if packages else program


def describe(setup):
    """Lines of Markdown. The load tells how far the figures can be trusted."""
    versions = [f"`{' '.join(command[:1])}`: {version_of([setup.program(command[0]), *command[1:]])}"
                for command in VERSION_COMMANDS]  # fmt: skip
    loads = " ".join(f"{load:.2f}" for load in setup.load_at_start)
    return "\n".join((
        f"{datetime.date.today().isoformat()}, {cpu_model()}, {os.cpu_count()} cores,"
        f" {memory_gib():.0f} GiB RAM, Linux {kernel_version()}, release preset;"
        f" load average at the start {loads}.",
        "",
        "; ".join(versions) + f"; `zstream`: {zstream_version(setup.zstream)}.",
        "",
        f"Made by `{' '.join(('tools/bench', *setup.arguments))}`.",
    ))  # fmt: skip
