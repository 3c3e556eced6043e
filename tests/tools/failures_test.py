# SPDX-License-Identifier: BSD-2-Clause
"""What tools/test shows again of failed tests, out of ctest's log."""

import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "tools/lib/failures.awk"


def program(name, output):
    return (f"1/9 Testing: {name}\n1/9 Test: {name}\nOutput:\n{'-' * 58}\n{output}"
            f"<end of output>\nTest time =   0.01 sec\n{'-' * 58}\n")


class Failures(unittest.TestCase):
    def shown(self, failed, *programs):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "failed").write_text("".join(f"7:{name}\n" for name in failed))
            (folder / "log").write_text("Start testing: now\n" + "".join(programs))
            return subprocess.run(["awk", "-f", SCRIPT, folder / "failed", folder / "log"],
                                  check=True, capture_output=True, text=True).stdout

    def test_of_googletest_the_failed_ones(self):
        output = ("[ RUN      ] A.Good\nnoise\n[       OK ] A.Good (0 ms)\n"
                  "[ RUN      ] A.Bad\nwhy\n[  FAILED  ] A.Bad (0 ms)\n"
                  "[  FAILED  ] 1 test, listed below:\n[  FAILED  ] A.Bad\n")
        self.assertEqual(self.shown(["a"], program("a", output)),
                         "\nFailed: a\n  [ RUN      ] A.Bad\n  why\n  [  FAILED  ] A.Bad (0 ms)\n")

    def test_of_googletest_the_one_that_crashed(self):
        output = ("[ RUN      ] A.Good\n[       OK ] A.Good (0 ms)\n"
                  "[ RUN      ] A.Bad\nERROR: AddressSanitizer\n")
        self.assertEqual(self.shown(["a"], program("a", output)),
                         "\nFailed: a\n  [ RUN      ] A.Bad\n  ERROR: AddressSanitizer\n")

    def test_of_unittest_the_failed_ones(self):
        output = ("test_a (t.T.test_a) ... ok\ntest_b (t.T.test_b) ... FAIL\n\n"
                  f"{'=' * 70}\nFAIL: test_b (t.T.test_b)\n{'-' * 70}\nTraceback\n{'-' * 70}\n"
                  "Ran 2 tests in 0.001s\n\nFAILED (failures=1)\n")
        self.assertEqual(self.shown(["b"], program("b", output)),
                         "\nFailed: b\n  FAIL: test_b (t.T.test_b)\n  Traceback\n")

    def test_of_others_the_last_lines(self):
        output = "".join(f"line {i}\n" for i in range(40))
        shown = self.shown(["c"], program("c", output)).splitlines()
        self.assertEqual(shown[:3], ["", "Failed: c", "  line 15"])
        self.assertEqual(shown[-1], "  line 39")
        self.assertEqual(self.shown(["c"], program("c", "no newline")), "\nFailed: c\n  no newline\n")

    def test_none_that_passed(self):
        failure = "[ RUN      ] A.Bad\n[  FAILED  ] A.Bad (0 ms)\n"
        self.assertEqual(self.shown([], program("a", failure)), "")
        shown = self.shown(["b"], program("a", "of a\n"), program("b", "of b\n"))
        self.assertEqual(shown, "\nFailed: b\n  of b\n")


if __name__ == "__main__":
    unittest.main()
