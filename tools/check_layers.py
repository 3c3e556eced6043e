#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Do the includes keep to the layers, the pure modules to themselves, and the repository to its
top level? Prints `file:line: what` for each violation and exits 1.

Usage: check_layers.py [ROOT]
"""
import os
import pathlib
import re
import subprocess
import sys

import cpp_source

# Lowest first. A module may include modules of lower levels; those of one level do not know each
# other.
LEVELS = (
    ("base",),
    ("checksum", "nvlist"),
    ("drr", "token"),
    ("store", "resume"),
    ("session", "io"),
    ("pipeline",),
    ("cli",),
)
# io moves bytes, whatever they are.
NARROWED = {"io": {"base"}}

# No I/O, no clock, no thread: bytes and time are arguments.
PURE = {"base", "checksum", "nvlist", "drr", "token", "store", "resume", "session"}
IMPURE_HEADER = re.compile(
    r"(unistd|fcntl|poll|signal|pthread|stdio|liburing)\.h|sys/.*"
    r"|thread|mutex|shared_mutex|condition_variable|future|iostream|fstream|cstdio|filesystem"
)
IMPURE_NAME = re.compile(r"::\s*now\s*\(\s*\)|\bstd\s*::\s*random_device\b")
# A failed check has nobody left to report to: it prints, and ends the process.
IMPURE_ALLOWED = {("src/base/check.cpp", "cstdio"), ("src/base/check.hpp", "cstdio")}

# How the names of a library's headers begin, and the modules that wrap it.
THIRD_PARTY = {
    "liburing": {"io"},
    "xxhash.h": {"checksum"},
    "openssl/": {"checksum", "io"},
    "zstd": {"store"},
    "zlib.h": {"token"},
    "boost/": {"cli"},
    "fmt/": {"cli"},
    "nlohmann/": {"cli"},
}

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
             "bench", "fuzz", "include", "src", "tests", "tools"}  # fmt: skip


def allowed_modules():
    """module → the modules it may include, itself among them."""
    allowed, below = {}, set()
    for level in LEVELS:
        for module in level:
            allowed[module] = NARROWED.get(module, below) | {module}
        below = below | set(level)
    return allowed


ALLOWED = allowed_modules()


def module_of(path):
    """The module a file or an included header belongs to, and whether it is public."""
    parts = path.removeprefix("include/").removeprefix("src/").split("/")
    is_public = parts[0] == "zsluice"
    parts = parts[1:] if is_public else parts
    return (parts[0] if len(parts) > 1 else None), is_public


def include_problem(path, header, in_quotes):
    module, file_is_public = module_of(path)
    if module in PURE and IMPURE_HEADER.fullmatch(header) and (path, header) not in IMPURE_ALLOWED:
        return f"<{header}> in {module}, which is pure"
    for name, wrappers in THIRD_PARTY.items():
        if header.startswith(name):
            return None if module in wrappers else f"{header} belongs to {', '.join(sorted(wrappers))}"
    if not in_quotes and not header.startswith("zsluice/"):
        return None
    target, target_is_public = module_of(header)
    if target not in ALLOWED:
        return f'"{header}" names no module (write "module/file.hpp" or "zsluice/module/file.hpp")'
    if target not in ALLOWED[module]:
        return f"{module} may not include {target}"
    if file_is_public and not target_is_public:
        return f'public header includes the private "{header}"'
    return None


def source_problems(path, text):
    module, _ = module_of(path)
    if module not in ALLOWED:
        yield 1, "file belongs to no module"
        return
    for line, header, in_quotes in cpp_source.includes(text):
        problem = include_problem(path, header, in_quotes)
        if problem:
            yield line, problem
    if module in PURE:
        code = cpp_source.blanked(text)
        for found in IMPURE_NAME.finditer(code):
            yield cpp_source.line_of(code, found.start()), f"{found.group()} in {module}, which is pure"


def top_level_names(root):
    """What git tracks; without git (an unpacked release), what lies there."""
    # A hook's GIT_DIR would speak of another tree than `root`.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        listing = subprocess.run(["git", "-C", root, "ls-files", "-z"], env=environment,
                                 capture_output=True, text=True, check=True).stdout  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        listing = ""
    tracked = {name.split("/")[0] for name in listing.split("\0") if name}
    return tracked or {entry.name for entry in root.iterdir()} - {"build"}


def problems(root):
    for name in sorted(top_level_names(root)):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield name, 1, "does not belong at the top level"
    for folder in ("include", "src"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in cpp_source.SUFFIXES:
                path = file.relative_to(root).as_posix()
                for line, what in source_problems(path, file.read_text(encoding="utf-8")):
                    yield path, line, what


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parent.parent)
    found = list(problems(root.resolve()))
    for path, line, what in found:
        print(f"{path}:{line}: {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
