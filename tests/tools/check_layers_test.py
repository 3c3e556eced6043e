# SPDX-License-Identifier: BSD-2-Clause
import os
import shutil
import subprocess
import unittest

from tree_case import TreeCase

import check_layers


class Layers(TreeCase):
    def check_include(self, path, include, *expected):
        """One file with one include, in a tree of its own."""
        with self.subTest(path=path, include=include):
            shutil.rmtree(self.root / "src", ignore_errors=True)
            shutil.rmtree(self.root / "include", ignore_errors=True)
            self.write(path, f"// first\n#include {include}\n")
            self.assert_found(check_layers, *(f"{path}:2: {what}" for what in expected))

    def test_accepts_arrows_that_point_down(self):
        for path, include in (
            ("src/checksum/a.cpp", '"zsluice/base/bytes.hpp"'),
            ("src/drr/a.cpp", '"drr/private.hpp"'),
            ("src/drr/a.cpp", '"zsluice/nvlist/reader.hpp"'),
            ("src/drr/a.cpp", "<zsluice/checksum/fletcher4.hpp>"),
            ("src/token/a.cpp", '"zsluice/nvlist/reader.hpp"'),
            ("src/session/a.cpp", '"zsluice/store/format.hpp"'),
            ("src/io/a.cpp", '"base/check.hpp"'),
            ("src/pipeline/a.cpp", '"io/backend.hpp"'),
            ("src/cli/a.cpp", '"pipeline/pipeline.hpp"'),
            ("src/cli/a.cpp", '"zsluice/base/escape.hpp"'),
            ("include/zsluice/drr/a.hpp", '"zsluice/drr/b.hpp"'),
        ):
            self.check_include(path, include)

    def test_refuses_arrows_that_point_up_or_aside(self):
        for path, include, what in (
            ("src/base/a.cpp", '"zsluice/drr/parser.hpp"', "base may not include drr"),
            ("src/checksum/a.cpp", '"zsluice/nvlist/a.hpp"', "checksum may not include nvlist"),
            ("src/nvlist/a.cpp", '"zsluice/checksum/a.hpp"', "nvlist may not include checksum"),
            ("src/drr/a.cpp", '"zsluice/token/a.hpp"', "drr may not include token"),
            ("src/drr/a.cpp", "<zsluice/token/a.hpp>", "drr may not include token"),
            ("src/session/a.cpp", '"io/backend.hpp"', "session may not include io"),
            ("src/io/a.cpp", '"session/sender.hpp"', "io may not include session"),
            ("src/io/a.cpp", '"zsluice/drr/parser.hpp"', "io may not include drr"),
            ("src/pipeline/a.cpp", '"cli/options.hpp"', "pipeline may not include cli"),
            ("include/zsluice/drr/a.hpp", '"zsluice/store/a.hpp"', "drr may not include store"),
        ):
            self.check_include(path, include, what)

    def test_refuses_private_headers_in_public_ones(self):
        self.check_include("include/zsluice/base/a.hpp", '"base/check.hpp"',
                           'public header includes the private "base/check.hpp"')  # fmt: skip

    def test_refuses_includes_and_files_outside_of_modules(self):
        for include in ('"b.hpp"', '"../base/check.hpp"', '"other/b.hpp"', '"zsluice/b.hpp"'):
            self.check_include("src/drr/a.cpp", include, f"{include} names no module")
        self.write("src/other/a.cpp", "")
        self.write("src/main.cpp", "")
        self.assert_found(check_layers, 'src/drr/a.cpp:2: "zsluice/b.hpp" names no module',
                          "src/main.cpp:1: file belongs to no module",
                          "src/other/a.cpp:1: file belongs to no module")  # fmt: skip

    def test_refuses_io_threads_and_prints_in_pure_modules_only(self):
        for header in ("unistd.h", "fcntl.h", "sys/mman.h", "poll.h", "signal.h", "liburing.h",
                       "thread", "mutex", "iostream", "fstream", "cstdio"):  # fmt: skip
            for module in sorted(check_layers.PURE):
                self.check_include(f"src/{module}/a.cpp", f"<{header}>", f"<{header}> in {module}")
            self.check_include("src/io/a.cpp", f"<{header}>")
        self.check_include("src/drr/a.cpp", "<array>")
        self.check_include("include/zsluice/drr/a.hpp", "<cstdio>", "<cstdio> in drr")

    def test_lets_a_failed_check_print(self):
        self.check_include("src/base/check.cpp", "<cstdio>")
        self.check_include("src/base/check.cpp", "<iostream>", "<iostream> in base")
        self.check_include("src/base/other.cpp", "<cstdio>", "<cstdio> in base")

    def test_refuses_clocks_and_randomness_in_pure_modules(self):
        self.write("src/session/a.cpp", "auto a = Clock::now();\nstd::random_device b;\n"
                                        'const char* c = "Clock::now()";  // Clock::now()\n')  # fmt: skip
        self.write("src/io/a.cpp", "auto a = Clock::now();\n")
        self.assert_found(check_layers, "src/session/a.cpp:1: ::now() in session, which is pure",
                          "src/session/a.cpp:2: std::random_device in session")  # fmt: skip

    def test_keeps_libraries_in_the_module_that_wraps_them(self):
        for header, wrapper, other in (
            ("liburing.h", "io", "pipeline"),
            ("xxhash.h", "checksum", "store"),
            ("openssl/evp.h", "checksum", "session"),
            ("openssl/ssl.h", "io", "cli"),
            ("zstd.h", "store", "token"),
            ("zlib.h", "token", "store"),
            ("boost/program_options.hpp", "cli", "pipeline"),
            ("fmt/format.h", "cli", "drr"),
            ("nlohmann/json.hpp", "cli", "pipeline"),
        ):
            self.check_include(f"src/{wrapper}/a.cpp", f"<{header}>")
            self.check_include(f"src/{other}/a.cpp", f"<{header}>", f"{header} belongs to ")
            self.check_include(f"src/{other}/a.cpp", f'"{header}"', f"{header} belongs to ")

    def test_does_not_take_comments_for_includes(self):
        self.write("src/base/a.cpp", '// #include "cli/a.hpp"\n/*\n#include "cli/b.hpp"\n*/\n'
                                     '#  include "cli/c.hpp"  // why\n')  # fmt: skip
        self.assert_found(check_layers, "src/base/a.cpp:5: base may not include cli")


class TopLevel(TreeCase):
    def git(self, *arguments):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        subprocess.run(["git", "-C", self.root, *arguments], env=environment,
                       check=True, capture_output=True)  # fmt: skip

    def test_accepts_what_the_design_names(self):
        for path in ("CMakeLists.txt", "README.md", "LICENSE", "CMakePresets.json", ".clang-tidy",
                     ".ci/run", "src/README.md", "tests/x", "bench/x", "fuzz/x", "tools/x",
                     "include/zsluice/x", "build/dev/x"):  # fmt: skip
            self.write(path, "")
        self.assert_found(check_layers)

    def test_refuses_anything_else(self):
        self.write("docs/a.md", "")
        self.write("notes.txt", "")
        self.assert_found(check_layers, "docs:1: does not belong at the top level",
                          "notes.txt:1: does not belong at the top level")  # fmt: skip

    @unittest.skipUnless(shutil.which("git"), "git is not installed")
    def test_judges_what_git_tracks(self):
        self.write("docs/a.md", "")
        self.write("scratch.txt", "")
        self.git("init")
        self.git("add", "docs")
        self.assert_found(check_layers, "docs:1: does not belong at the top level")


if __name__ == "__main__":
    unittest.main()
