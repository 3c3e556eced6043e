# SPDX-License-Identifier: BSD-2-Clause
"""A disk that is full, at many places of a stream: what is there is the beginning of the stream, and
goes on when there is room. The disk is a tmpfs of a mount namespace, which nobody else sees.

ctest gives the paths in ZSLUICE and ZSLUICE_TEST_CORPUS.
"""
import os
import subprocess
import tempfile
import unittest

STREAM = os.path.join(os.environ["ZSLUICE_TEST_CORPUS"], "g256_raw_full.zsend")
NAMESPACE = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
KIB = 1024
# The whole store takes 1 MiB there.
SIZES = range(8 * KIB, 900 * KIB, 36 * KIB)

SCRIPT = """
set -euo pipefail
mount -t tmpfs -o size=$SIZE none "$FOLDER"
status=0
"$ZSLUICE" split --segment-size 64K $OPTIONS "$FOLDER/store" <"$STREAM" 2>"$WORDS" || status=$?
[ $status = 7 ]
grep -q 'No space left on device' "$WORDS"
mount -o remount,size=64M none "$FOLDER"
status=0
token=$("$ZSLUICE" token make -q "$FOLDER/store" 2>"$WORDS") || status=$?
if [ $status = 0 ]; then
  status=0
  "$ZSLUICE" verify -q "$FOLDER/store" 2>"$WORDS" || status=$?
  [ $status = 4 ]  # the end is missing, and nothing else
  "$ZSLUICE" resume -q --token "$token" "$STREAM" | "$ZSLUICE" split -q --continue "$FOLDER/store"
  echo continued
else
  # Not a segment with data of a file is there.
  [ $status = 4 ] && [ "$SIZE" -lt 150000 ]
  rm -rf "$FOLDER/store"
  "$ZSLUICE" split -q --segment-size 64K $OPTIONS "$FOLDER/store" <"$STREAM"
  echo anew
fi
diff -r "$WANTED" "$FOLDER/store"
"""


class FullDisk(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        probe = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", self.folder],
                               capture_output=True, text=True, check=False)  # fmt: skip
        if probe.returncode != 0:
            self.skipTest(f"no mount namespace of its own here: {probe.stderr.strip()}")

    def check(self, options):
        wanted = os.path.join(self.folder, "wanted")
        with open(STREAM, "rb") as stream:
            subprocess.run([os.environ["ZSLUICE"], "split", "-q", "--segment-size", "64K", *options, wanted],
                           stdin=stream, timeout=60, check=True)  # fmt: skip
        place = os.path.join(self.folder, "disk")
        os.mkdir(place)
        continued = 0
        for size in SIZES:
            with self.subTest(size=size):
                environment = os.environ | {
                    "FOLDER": place, "WANTED": wanted, "STREAM": STREAM, "SIZE": str(size),
                    "OPTIONS": " ".join(options), "WORDS": os.path.join(self.folder, "words")}  # fmt: skip
                done = subprocess.run([*NAMESPACE, "bash", "-c", SCRIPT], env=environment, text=True,
                                      capture_output=True, timeout=60, check=False)  # fmt: skip
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
                continued += done.stdout == "continued\n"
        self.assertGreater(continued, len(SIZES) // 2)

    def test_leaves_a_beginning_that_goes_on(self):
        self.check([])

    def test_leaves_a_beginning_that_goes_on_when_many_files_are_on_their_way(self):
        self.check(["--compress", "3", "-T", "3"])


if __name__ == "__main__":
    unittest.main()
