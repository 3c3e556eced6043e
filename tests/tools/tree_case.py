# SPDX-License-Identifier: BSD-2-Clause
"""A small repository in a temporary folder, for tests of the structure checks."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools"))


class TreeCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, path, content):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def run_check(self, check):
        """Exit status and the lines it printed."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = check.main([str(self.root)])
        return status, printed.getvalue().splitlines()

    def assert_found(self, check, *expected):
        """Each of `expected` begins one printed line, in order, and there are no others."""
        status, lines = self.run_check(check)
        self.assertEqual(len(lines), len(expected), lines)
        for line, beginning in zip(lines, expected):
            self.assertTrue(line.startswith(beginning), f"{line!r} is not {beginning!r}")
        self.assertEqual(status, 1 if expected else 0)
