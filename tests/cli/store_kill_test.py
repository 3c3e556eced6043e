# SPDX-License-Identifier: BSD-2-Clause
"""kill -9 at random moments of `zsluice split` and `split --continue`: whenever it comes, the store
is a valid beginning of the stream, and what continues it gives the store of the whole one.

ctest gives the paths in ZSLUICE and ZSLUICE_TEST_CORPUS. ZSLUICE_SEED repeats a run as far as
processes can: the draws are the same, when a signal meets them is not.
"""
import fcntl
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time
import unittest

ZSLUICE = os.environ["ZSLUICE"]
CORPUS = pathlib.Path(os.environ["ZSLUICE_TEST_CORPUS"])
SEED = int(os.environ.get("ZSLUICE_SEED", random.randrange(1 << 32)))
KILLS = 300
STREAMS = ("g256_raw_incr", "many_raw_incr", "sp_raw_full")
PIPE_BYTES = 4096  # the smallest there is: what could be written has nearly all been read
PIECE_BYTES = 3000
PAUSE_SECONDS = 0.003


def run(*arguments, stdin=None):
    return subprocess.run([ZSLUICE, *arguments], input=stdin, capture_output=True, timeout=60,
                          check=False)  # fmt: skip


def files_of(store):
    return {str(path.relative_to(store)): path.read_bytes()
            for path in sorted(pathlib.Path(store).rglob("*")) if path.is_file()}  # fmt: skip


class Kills(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.random = random.Random(SEED)
        self.kills = 0

    def feed_and_kill(self, arguments, data):
        """Data comes in pieces; at a random one, or a little later, the process is killed."""
        count = self.random.randrange(len(data) + 1)
        pause = self.random.random() * PAUSE_SECONDS
        running = subprocess.Popen([ZSLUICE, *arguments], stdin=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        fcntl.fcntl(running.stdin, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        try:
            for at in range(0, count, PIECE_BYTES):
                os.write(running.stdin.fileno(), data[at : min(at + PIECE_BYTES, count)])
            if count == len(data):
                running.stdin.close()
            time.sleep(pause)
        except BrokenPipeError:
            pass  # it had had enough
        running.kill()
        running.wait()
        running.stdin.close()
        self.kills += 1

    def continuation(self, joined, name):
        token = run("token", "make", "-q", "-", stdin=joined).stdout.decode().strip()
        made = run("resume", "-q", "--allow-plaintext", "--token", token,
                   str(CORPUS / f"{name}.zsend"))  # fmt: skip
        self.assertEqual(made.returncode, 0, made.stderr)
        return made.stdout

    def completed(self, store, name, whole):
        """What is left, and what continues it, after a copy of the store has been made whole."""
        joined = run("join", "-q", "--allow-plaintext", str(store)).stdout
        self.assertTrue(whole["stream"].startswith(joined))
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        if store.exists():
            shutil.copytree(store, copy)
        rest = None
        if not joined:
            done = run("split", "-q", "--segment-size", "64K", str(copy), stdin=whole["stream"])
        else:
            is_whole = joined == whole["stream"]
            rest = b"" if is_whole else self.continuation(joined, name)
            done = run("split", "-q", "--continue", str(copy), stdin=rest)
            closed = b"there is a whole stream in it already" in done.stderr
            if is_whole and closed:
                return None
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(files_of(copy), whole["files"])
        return rest

    def one_store(self, name, whole):
        store = self.folder / "store"
        shutil.rmtree(store, ignore_errors=True)
        self.feed_and_kill(("split", "--segment-size", "64K", str(store)), whole["stream"])
        rest = self.completed(store, name, whole)
        while rest and self.random.randrange(4) != 0:
            self.feed_and_kill(("split", "--continue", str(store)), rest)
            rest = self.completed(store, name, whole)

    def test_whenever_it_comes_the_store_can_be_made_whole(self):
        wholes = {}
        for name in STREAMS:
            stream = (CORPUS / f"{name}.zsend").read_bytes()
            store = self.folder / f"whole-{name}"
            self.assertEqual(
                run("split", "-q", "--segment-size", "64K", str(store), stdin=stream).returncode, 0)  # fmt: skip
            wholes[name] = {"stream": stream, "files": files_of(store)}
        while self.kills < KILLS:
            name = self.random.choice(STREAMS)
            with self.subTest(seed=SEED, stream=name, kill=self.kills):
                self.one_store(name, wholes[name])


if __name__ == "__main__":
    print(f"seed {SEED}")
    unittest.main()
