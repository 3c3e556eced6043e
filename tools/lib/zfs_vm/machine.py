# SPDX-License-Identifier: BSD-2-Clause
"""One machine: a folder with its disks and what is needed to reach it, and a qemu while it runs.

    root.img vmlinuz initrd.img ssh_key known_hosts     taken from the image when it is made
    disk1.img …          sparse disks for pools, /dev/vdb and on; they outlive stop and power cut
    ssh_config           `ssh -F ssh_config vm` from anywhere; of the last start
    made                 of which image, and its shape
    pid                  of qemu
    console.log qemu.log
"""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

FROM_IMAGE = ("root.img", "vmlinuz", "initrd.img", "ssh_key", "known_hosts")
SSH_NAME = "vm"
BOOT_SECONDS_MAX = 600
# From `poweroff` to the end of qemu.
STOP_SECONDS_MAX = 120
PORT_TRIES = 5
CONSOLE_LINES_SHOWN = 15
KERNEL_LINE = "root=/dev/vda rw console=ttyS0 quiet mitigations=off random.trust_cpu=on oops=panic spl.spl_panic_halt=1 panic=-1"
SSH_CONFIG = """Host {name}
  HostName 127.0.0.1
  Port {port}
  User root
  IdentityFile "{folder}/ssh_key"
  IdentitiesOnly yes
  BatchMode yes
  UserKnownHostsFile "{folder}/known_hosts"
  HostKeyAlias zsluice-zfs-vm
  StrictHostKeyChecking yes
  LogLevel ERROR
  ConnectTimeout 60
  ControlPath "{control}"
"""


class MachineError(Exception):
    """With the reason, for the user."""


@dataclass(frozen=True)
class Shape:
    disks: int = 3
    disk_size: int = 4 << 30
    memory_mib: int = 3072
    # A forgotten machine ends by itself.
    minutes: int = 120


# A boot sector that writes 16 to the port of isa-debug-exit: qemu ends with status 2 * 16 + 1.
PROBE = bytes((0xBA, 0xF4, 0x00, 0xB0, 0x10, 0xEE, 0xF4)).ljust(510, b"\0") + b"\x55\xaa"
PROBE_STATUS = 33
# Under emulation it takes 0.1 to 0.3 s, with KVM less. A KVM that takes several times that (3 s have been
# seen) is itself emulated, and slower than emulation in all else, too.
PROBE_SECONDS_MAX = 10
PROBE_RATIO_MAX = 3
# The shortest of so many counts: the first reads qemu from the disk.
PROBES = 2
EMULATION = "tcg,thread=multi,tb-size=1024"
# All that the host's processor has, but for a list of its flaws, which the machine does not heed and
# which a host that is itself a guest may refuse to hand on: then qemu ends.
KVM_CPU = "max,arch-capabilities=off"


def probe_seconds(sector, accelerator, cpu):
    """How long a machine takes to get there, or None if it does not."""
    command = ["qemu-system-x86_64", "-accel", accelerator, "-cpu", cpu, "-nodefaults", "-display", "none",
               "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
               "-drive", f"file={sector},format=raw,if=ide"]  # fmt: skip
    begun = time.monotonic()
    try:
        ended = subprocess.run(command, capture_output=True, timeout=PROBE_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return None
    return time.monotonic() - begun if ended.returncode == PROBE_STATUS else None


def kvm_pays():
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with tempfile.NamedTemporaryFile() as sector:
        sector.write(PROBE)
        sector.flush()
        pairs = [(probe_seconds(sector.name, EMULATION, "max"), probe_seconds(sector.name, "kvm", KVM_CPU))
                 for _ in range(PROBES)]  # fmt: skip
    emulated, native = (min((seconds for seconds in found if seconds is not None), default=None)
                        for found in zip(*pairs))  # fmt: skip
    return native is not None and (emulated is None or native <= PROBE_RATIO_MAX * emulated)


def control_path(folder):
    """Of the socket by which further connections share the first one's handshake, which takes more
    than a second under emulation. Not in the folder: such a path may be 108 bytes long at most."""
    own = pathlib.Path(tempfile.gettempdir()) / f"zfs-vm-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    if own.is_symlink() or own.stat().st_uid != os.getuid() or own.stat().st_mode & 0o077:
        raise MachineError(f"{own} is not this user's alone")
    return own / hashlib.sha256(str(folder).encode()).hexdigest()[:16]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def speaks_ssh(port):
    """qemu answers on the port at once; only the machine behind it sends a greeting."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 2) as link:
        link.settimeout(2)
        return link.recv(4) == b"SSH-"
    return False


def for_qemu(path):
    """In its options a comma ends a value; two are one."""
    return str(path).replace(",", ",,")


def has_ended(pid):
    """A zombie has closed its files and let go of its disks."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except OSError:
        return True
    return state.split()[0] in "ZX"


def wait_until_ended(pid):
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while time.monotonic() < deadline:
        if has_ended(pid):
            return True
        time.sleep(0.1)
    return False


class Machine:
    def __init__(self, home, name):
        self.name = name
        self.folder = pathlib.Path(home).resolve() / "machines" / name

    @property
    def exists(self):
        return (self.folder / "root.img").exists()

    def make(self, image, shape, maker="zfs-vm"):
        """A machine with empty disks; the one that had the name is gone."""
        if self.is_running():
            raise MachineError(f"{self.name} is running")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for file in FROM_IMAGE:
            subprocess.run(["cp", "--sparse=always", "--preserve=mode", image.folder / file,
                            self.folder / (file + ".new")], check=True)  # fmt: skip
        for number in range(1, shape.disks + 1):
            with open(self.folder / f"disk{number}.img", "wb") as disk:
                disk.truncate(shape.disk_size)
        facts = {"maker": maker, "image": image.folder.name, "disks": shape.disks,
                 "disk_size": shape.disk_size}  # fmt: skip
        (self.folder / "made").write_text(json.dumps(facts) + "\n", encoding="utf-8")
        # The root disk last: with it the machine exists.
        for file in reversed(FROM_IMAGE):
            (self.folder / (file + ".new")).rename(self.folder / file)

    def made(self):
        """What make() was told; nothing when there is no machine."""
        try:
            return json.loads((self.folder / "made").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def disks(self):
        """In the order of their numbers: that of their names in the machine."""
        found = self.folder.glob("disk*.img")
        return sorted(found, key=lambda path: int(path.stem.removeprefix("disk")))

    def qemu_command(self, port, shape):
        # Flushes are not awaited: a killed qemu leaves what it wrote in the host's page cache.
        drives = [self.folder / "root.img", *self.disks()]
        accelerator, cpu = ("kvm", KVM_CPU) if kvm_pays() else (EMULATION, "max")
        command = [
            "timeout", "--signal=KILL", str(shape.minutes * 60),
            "qemu-system-x86_64", "-name", f"zsluice-{self.name}", "-accel", accelerator,
            "-cpu", cpu, "-smp", str(max(2, os.cpu_count() or 1)), "-m", str(shape.memory_mib),
            "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
            "-serial", f"file:{for_qemu(self.folder)}/console.log",
            "-pidfile", self.folder / "pid",
            "-kernel", self.folder / "vmlinuz", "-initrd", self.folder / "initrd.img",
            "-append", KERNEL_LINE, "-device", "virtio-rng-pci",
            "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{port}-:22",
            "-device", "virtio-net-pci,netdev=net,romfile=",
        ]  # fmt: skip
        for drive in drives:
            command += ["-drive", f"file={for_qemu(drive)},if=virtio,format=raw,cache=unsafe,discard=unmap"]
        return command

    def start(self, shape):
        """Comes back when the machine answers."""
        if self.is_running():
            raise MachineError(f"{self.name} is running already")
        for _ in range(PORT_TRIES):
            port = free_port()
            (self.folder / "pid").unlink(missing_ok=True)
            with open(self.folder / "qemu.log", "wb") as log:
                qemu = subprocess.Popen(self.qemu_command(port, shape), stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log, start_new_session=True)  # fmt: skip
            config = SSH_CONFIG.format(name=SSH_NAME, port=port, folder=self.folder,
                                       control=control_path(self.folder))  # fmt: skip
            (self.folder / "ssh_config").write_text(config, encoding="utf-8")
            if self.wait_until_up(qemu, port):
                return
        raise MachineError(f"qemu does not start: {self.log_end('qemu.log')}")

    def wait_until_up(self, qemu, port):
        """False when qemu could not have the port."""
        deadline = time.monotonic() + BOOT_SECONDS_MAX
        while time.monotonic() < deadline:
            if qemu.poll() is not None:
                if "hostfwd" in self.log_end("qemu.log"):
                    return False
                words = self.log_end("qemu.log") + self.log_end("console.log")
                raise MachineError(f"{self.name} ended while it started:\n{words}")
            if speaks_ssh(port) and self.connect():
                return True
            time.sleep(0.5)
        words = self.log_end("console.log")
        self.power_cut()
        raise MachineError(f"{self.name} did not answer within {BOOT_SECONDS_MAX} s:\n{words}")

    def connect(self):
        """The connection that others share; it ends when the machine does."""
        control_path(self.folder).unlink(missing_ok=True)
        options = ["-o", "ControlMaster=yes", "-o", "ServerAliveInterval=60", "-N", "-f"]
        nothing = subprocess.DEVNULL
        return subprocess.run(self.ssh_command(options=options), stdin=nothing, stdout=nothing,
                              stderr=nothing).returncode == 0  # fmt: skip

    def log_end(self, name):
        with contextlib.suppress(OSError):
            text = (self.folder / name).read_text(encoding="utf-8", errors="replace")
            return "\n".join(text.splitlines()[-CONSOLE_LINES_SHOWN:])
        return ""

    def qemu(self):
        """The process number of this machine's qemu, or None. A number that now belongs to others
        is not taken for it."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / "pid").read_text(encoding="utf-8"))
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if str(self.folder / "pid").encode() in words:
                return pid
        return None

    def is_running(self):
        return self.qemu() is not None

    def require_running(self):
        """qemu's process number."""
        pid = self.qemu()
        if pid is None:
            raise MachineError(f"{self.name} is not running: tools/zfs-vm start")
        return pid

    def power_cut(self):
        """As if somebody pulled the plug. What the machine had written to its disks stays."""
        pid = self.require_running()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if not wait_until_ended(pid):
            raise MachineError(f"{self.name} does not end: process {pid}")

    def stop(self):
        """False when it did not shut down by itself, and was killed."""
        pid = self.require_running()
        # The connection breaks on the way down.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.run("systemctl poweroff", seconds=STOP_SECONDS_MAX)
        if wait_until_ended(pid):
            return True
        self.power_cut()
        return False

    def ssh_command(self, *words, options=()):
        return ["ssh", "-F", str(self.folder / "ssh_config"), *options, SSH_NAME, *words]

    def run(self, command, seconds=None, **options):
        """A line of shell in the machine, as subprocess.run() has it."""
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, **options}
        if "input" in options:
            del options["stdin"]
        return subprocess.run(self.ssh_command(command), timeout=seconds, **options)

    def copy(self, sources, target):
        """Paths in the machine begin with a colon. -O: the protocol that needs no sftp there."""
        def place(path):
            return f"{SSH_NAME}{path}" if path.startswith(":") else path

        command = ["scp", "-O", "-q", "-r", "-p", "-F", str(self.folder / "ssh_config")]
        return subprocess.run([*command, *map(place, sources), place(target)]).returncode


def machines(home):
    folder = pathlib.Path(home) / "machines"
    return [Machine(home, entry.name) for entry in sorted(folder.glob("*")) if entry.is_dir()]
