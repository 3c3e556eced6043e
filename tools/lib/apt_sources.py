# SPDX-License-Identifier: BSD-2-Clause
"""Where this machine's own apt gets Debian from. No mirror is named anywhere in this project: what a
tool fetches beyond the machine's own packages comes from the places its administrator chose."""
import pathlib
import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SECONDS_MAX = 60


def release_name(os_release="/etc/os-release"):
    """This machine's own release, by its codename."""
    text = pathlib.Path(os_release).read_text(encoding="utf-8")
    names = [line.partition("=")[2] for line in text.splitlines()
             if line.startswith("VERSION_CODENAME=")]  # fmt: skip
    return names[0].strip('"') if names else "bookworm"


def sites():
    """(site, codename) of every list of Debian's own packages that apt knows. Others use Debian's
    codenames too."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(CODENAME) $(ORIGIN)",
         "Created-By: Packages"],
        check=True, capture_output=True, text=True, timeout=SECONDS_MAX,
    ).stdout  # fmt: skip
    words = [line.split(maxsplit=2) for line in listed.splitlines()]
    return [(site, codename) for site, codename, origin in
            (line for line in words if len(line) == 3) if origin == "Debian"]  # fmt: skip


def site_of(release, known=None):
    """Where `release` comes from; OSError when no source has it."""
    found = [site for site, codename in (sites() if known is None else known)
             if codename == release]  # fmt: skip
    if not found:
        raise OSError(f"apt has no source of {release}")
    return found[0]


def source_line(site, release, components):
    return f"deb [signed-by={KEYRING}] {site} {release} {' '.join(components)}"
