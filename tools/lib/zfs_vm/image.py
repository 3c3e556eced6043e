# SPDX-License-Identifier: BSD-2-Clause
"""Builds images and keeps them: a folder per recipe, complete or not there at all.

    root.img vmlinuz initrd.img     what boots
    ssh_key known_hosts             how to get in, made for this image alone
    versions                        of the packages that matter, as dpkg names them
    build.log
"""
import contextlib
import fcntl
import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

import apt_sources

from .recipe import COMPONENTS, HERE, RECIPES, RELEASE

SECONDS_MAX = 3600
# From the request to end to the end by force; mmdebstrap has mounts to undo.
SECONDS_TO_END = 60
LOG_LINES_SHOWN = 15
# The proxies an administrator told his apt to use.
PROXIES = ("Acquire::http::Proxy", "Acquire::https::Proxy")


class CannotBuild(Exception):
    """With the reason, for the user."""


@dataclass(frozen=True)
class Image:
    folder: pathlib.Path

    @property
    def is_complete(self):
        return self.folder.is_dir()

    def versions(self):
        """package → version."""
        lines = (self.folder / "versions").read_text(encoding="utf-8").splitlines()
        return dict(line.split("\t") for line in lines)


def find(home, name):
    return Image(home / "images" / RECIPES[name].key())


def source_lines(recipe, known):
    """For apt in the image. `known` is what this machine's apt has: (site, codename)."""
    wanted = [(RELEASE, site_of_debian(known))]
    wanted += [(suite, site) for suite in recipe.updates
               for site, codename in known if codename == suite]  # fmt: skip
    if recipe.zfs_suite:
        wanted.append((recipe.zfs_suite, wanted[0][1]))
    lines = [apt_sources.source_line(site, suite, COMPONENTS) for suite, site in wanted]
    return list(dict.fromkeys(lines))


def site_of_debian(known):
    """A mirror has every release: where this machine runs another one, its mirror has ours too."""
    for release in (RELEASE, apt_sources.release_name()):
        with contextlib.suppress(OSError):
            return apt_sources.site_of(release, known)
    raise CannotBuild(f"this machine's apt knows no source of Debian {RELEASE}")


def proxy_options():
    options = []
    for name in PROXIES:
        found = subprocess.run(["apt-config", "shell", "value", name],
                               capture_output=True, text=True, check=True).stdout  # fmt: skip
        if found.startswith("value='") and found.strip() != "value=''":
            options.append(f'--aptopt={name} "{found.strip()[len("value=") + 1:-1]}"')
    return options


def mmdebstrap_command(recipe, work):
    """Fills a folder of its own and hands it to finish.sh; no folder remains (format null)."""
    copy_overlay = f'cp -r "{work}"/overlay/. "$1"'
    copy_preferences = f'cp "{work}"/preferences "$1"/etc/apt/preferences.d/zfs'
    # In a chroot whose folder is no mount of its own, mounts cannot be made private; there
    # finish.sh takes back what it mounted.
    finish = (f'if unshare --mount true 2>/dev/null; then set -- "$1" unshare --mount; fi; '
              f'root=$1; shift; "$@" sh "{work}"/finish.sh "$root" "{work}"')  # fmt: skip
    return [
        "timeout", f"--kill-after={SECONDS_TO_END}", str(SECONDS_MAX),
        "mmdebstrap", "--variant=apt", "--format=null",
        '--aptopt=APT::Install-Recommends "false"', *proxy_options(),
        "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        f"--setup-hook={copy_overlay}", f"--setup-hook={copy_preferences}",
        f"--customize-hook={finish}",
        f"--include={','.join(recipe.packages)}",
        RELEASE, "/dev/null", "-",
    ]  # fmt: skip


def explain(work):
    log = work / "build.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(["the image could not be built:", *lines[-LOG_LINES_SHOWN:]])


def fill(recipe, work):
    """What the image is made of, and then the image, in `work`."""
    shutil.copytree(HERE / "overlay", work / "overlay")
    shutil.copy(HERE / "finish.sh", work)
    (work / "preferences").write_text(recipe.preferences, encoding="utf-8")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "zsluice-zfs-vm",
                    "-f", work / "ssh_key"], check=True)  # fmt: skip
    sources = "\n".join(source_lines(recipe, apt_sources.sites())) + "\n"
    with open(work / "build.log", "wb") as log:
        subprocess.run(mmdebstrap_command(recipe, work), input=sources.encode(), stdout=log,
                       stderr=subprocess.STDOUT, check=True)  # fmt: skip


@contextlib.contextmanager
def place_for_work():
    """In TMPDIR: without root, mmdebstrap acts as users to whom this user's own folders are closed.
    Then they may write here; nobody else finds the place, whose name cannot be read or guessed."""
    with tempfile.TemporaryDirectory(prefix="zfs-vm-") as folder:
        work = pathlib.Path(folder) / secrets.token_hex(16)
        work.mkdir()
        if os.geteuid() != 0:
            pathlib.Path(folder).chmod(0o711)
            work.chmod(0o777)
        yield work


@contextlib.contextmanager
def building_alone(home):
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "build.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(home, name, say, anew=False):
    """The image, built when there is none, and taken over when it is complete."""
    with building_alone(home):
        image = find(home, name)
        if image.is_complete and not anew:
            return image
        say(f"building the image {image.folder.name}: packages, kernel module, file system "
            "(6 to 15 minutes)")  # fmt: skip
        with place_for_work() as work:
            try:
                fill(RECIPES[name], work)
            except (OSError, subprocess.SubprocessError) as failure:
                raise CannotBuild(f"{explain(work)}\n{failure}") from failure
            take_over(work, image.folder)
        return image


def take_over(work, folder):
    """Under a passing name first: a folder that has its name is complete."""
    shutil.rmtree(work / "overlay")
    passing = folder.with_name(folder.name + ".new")
    for old in (passing, folder):
        if old.exists():
            shutil.rmtree(old)
    passing.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "--recursive", "--sparse=always", work, passing], check=True)
    passing.chmod(0o755)
    (passing / "ssh_key").chmod(0o600)
    passing.rename(folder)
