# SPDX-License-Identifier: BSD-2-Clause
"""zstream without installing ZFS: `zstream dump` needs no kernel module, so its packages are only
unpacked. They are in Debian's contrib, which few machines have among their sources: the lists are
fetched into a folder of their own, and the system's are left alone."""
import shutil
import subprocess

import apt_sources

PACKAGES = ("zfsutils-linux", "libzfs4linux", "libzpool5linux", "libnvpair3linux", "libuutil3linux")
WRAPPER = """#!/bin/sh
export LD_LIBRARY_PATH={libraries}
exec {program} "$@"
"""


def find(given):
    """An executable's path, or None."""
    return shutil.which(given or "zstream")


def run(command, folder):
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)


def apt_get(folder, *words):
    release = apt_sources.release_name()
    line = apt_sources.source_line(apt_sources.site_of(release), release, ["contrib"])
    (folder / "lists/partial").mkdir(parents=True, exist_ok=True)
    (folder / "cache").mkdir(exist_ok=True)
    (folder / "sources.list").write_text(line + "\n", encoding="utf-8")
    run(["apt-get", "--quiet",
         "-o", f"Dir::Etc::SourceList={folder}/sources.list", "-o", "Dir::Etc::SourceParts=/dev/null",
         "-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}/cache",
         # The unprivileged user that apt downloads as cannot enter a private folder.
         "-o", "APT::Sandbox::User=root", *words], folder)  # fmt: skip


def unpack(folder):
    """(program, "") or (None, why not)."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        apt_get(folder, "update")
        apt_get(folder, "download", *PACKAGES)
        for package in sorted(folder.glob("*.deb")):
            run(["dpkg", "-x", package, folder / "root"], folder)
    except (OSError, subprocess.SubprocessError) as failure:
        words = getattr(failure, "stderr", b"") or b""
        lines = words.decode(errors="replace").strip().splitlines()
        return None, f"its packages could not be fetched ({lines[-1] if lines else failure})"
    programs = [path for path in (folder / "root").glob("**/zstream") if path.is_file()]
    if not programs:
        return None, "its packages hold no zstream"
    libraries = sorted({str(path.parent) for path in (folder / "root").glob("**/*.so*")})
    wrapper = folder / "zstream"
    wrapper.write_text(WRAPPER.format(libraries=":".join(libraries), program=programs[0]),
                       encoding="utf-8")  # fmt: skip
    wrapper.chmod(0o755)
    return str(wrapper), ""
