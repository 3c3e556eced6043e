# SPDX-License-Identifier: BSD-2-Clause
"""kill -9 at random moments of `zsluice split` and `split --continue`, by random options: whenever
it comes, the store is a valid beginning of the stream, and what continues it gives the store of the
whole one.

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
import unittest

ZSLUICE = os.environ["ZSLUICE"]
CORPUS = pathlib.Path(os.environ["ZSLUICE_TEST_CORPUS"])
SEED = int(os.environ.get("ZSLUICE_SEED", random.randrange(1 << 32)))
KILLS = 300
# With segments of which they have several. Of the package, what is left of a substream can be sent
# again, and then no more.
STREAMS = {"many_raw_incr": ("64K",), "g256_raw_full": ("64K", "128K"),
           "lb_raw_full": ("64K", "256K", "1M"), "hier_raw_R": ("64K", "128K")}  # fmt: skip
PACKAGES = ("hier_raw_R",)
COMPRESSIONS = ("off", "auto", "1", "3")
UNFINISHED = 4  # the exit status when a package stops behind a substream
PIPE_BYTES = 4096  # the smallest there is: what could be written has nearly all been read
PIECE_BYTES = 3000
PAUSE_SECONDS = 0.003
ALL_OF_IT = 0.15


def run(*arguments, stdin=None):
    return subprocess.run([ZSLUICE, *arguments], input=stdin, capture_output=True, timeout=60,
                          check=False)  # fmt: skip


def files_of(store):
    return {str(path.relative_to(store)): path.read_bytes()
            for path in sorted(pathlib.Path(store).rglob("*")) if path.is_file()}  # fmt: skip


def without_leftovers(files):
    return {name: data for name, data in files.items() if not name.endswith(".part")}


class Options:
    """How one store is made: drawn, and the same for all who write to it but for the threads."""

    def __init__(self, draw, sizes, key):
        self.draw = draw
        self.key = ["--auth-key", key] if draw.random() < 0.5 else []
        self.settings = ["--segment-size", draw.choice(sizes),
                         "--compress", draw.choice(COMPRESSIONS)]  # fmt: skip

    def writing(self):
        return [*self.key, "-T", str(self.draw.randint(1, 4))]

    def __str__(self):
        return " ".join([*self.settings, *self.key[:1]])


class Kills(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.random = random.Random(SEED)
        self.streams = {name: (CORPUS / f"{name}.zsend").read_bytes() for name in STREAMS}
        self.key = self.folder / "key"
        self.key.write_text("a key that is long enough for an HMAC\n")
        self.key.chmod(0o600)
        self.stores = {}
        self.kills = 0
        self.compared = {"continued": 0, "closed": 0, "between": 0, "empty": 0}

    def feed_and_kill(self, arguments, data):
        """Data comes in pieces; at a random one, or a little later, the process is killed; now and
        then it has all and some time to end."""
        has_all = self.random.random() < ALL_OF_IT
        count = len(data) if has_all else self.random.randrange(len(data))
        pause = self.random.random() * PAUSE_SECONDS
        running = subprocess.Popen([ZSLUICE, *arguments], stdin=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        fcntl.fcntl(running.stdin, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        try:
            for at in range(0, count, PIECE_BYTES):
                os.write(running.stdin.fileno(), data[at : min(at + PIECE_BYTES, count)])
            if has_all:
                running.stdin.close()
                pause *= self.random.choice((1, 1000))
            running.wait(pause)
        except subprocess.TimeoutExpired:
            pass
        except BrokenPipeError:
            pass  # it had had enough
        running.kill()
        running.wait()
        running.stdin.close()
        self.kills += 1

    def continuation(self, store, name, options):
        """None: it stops between the substreams of a package, and no token asks for the rest."""
        token = run("token", "make", "-q", *options.key, str(store)).stdout.decode().strip()
        if not token and name in PACKAGES:
            return None
        made = run("resume", "-q", "--allow-plaintext", "--token", token,
                   str(CORPUS / f"{name}.zsend"))  # fmt: skip
        self.assertEqual(made.returncode, 0, made.stderr)
        return made.stdout

    def uninterrupted(self, name, stream, options):
        what = (name, len(stream), str(options))
        if what not in self.stores:
            store = self.folder / "uninterrupted"
            shutil.rmtree(store, ignore_errors=True)
            run("split", "-q", *options.settings, *options.key, str(store), stdin=stream)
            self.stores[what] = files_of(store)
        return self.stores[what]

    def join(self, store, options):
        return run("join", "-q", "--allow-plaintext", *options.key, str(store)).stdout

    def completed(self, store, name, options):
        """What is left, and what continues it, after a copy of the store has been made whole."""
        stream = self.streams[name]
        joined = self.join(store, options)
        self.assertTrue(stream.startswith(joined))
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        if store.exists():
            shutil.copytree(store, copy)
        if not joined:
            done = run("split", "-q", *options.settings, *options.writing(), str(copy),
                       stdin=stream)  # fmt: skip
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(files_of(copy), self.uninterrupted(name, stream, options))
            self.compared["empty"] += 1
            return None
        is_whole = joined == stream
        rest = b"" if is_whole else self.continuation(store, name, options)
        if rest is None:
            self.compared["between"] += 1
            return None
        done = run("split", "-q", "--continue", *options.writing(), str(copy), stdin=rest)
        if is_whole and b"a whole stream was stored in it already" in done.stderr:
            self.assertEqual(without_leftovers(files_of(copy)),
                             self.uninterrupted(name, stream, options))  # fmt: skip
            self.compared["closed"] += 1
            return None
        until = stream
        if name in PACKAGES and not is_whole:
            until = self.join(copy, options)
            self.assertEqual(done.returncode, UNFINISHED, done.stderr)
            self.assertTrue(stream.startswith(until))
            self.assertIsNone(self.continuation(copy, name, options))  # the end of a substream
        else:
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(files_of(copy), self.uninterrupted(name, until, options))
        self.compared["continued"] += 1
        return rest

    def one_store(self, name, options):
        store = self.folder / "store"
        shutil.rmtree(store, ignore_errors=True)
        self.feed_and_kill(("split", *options.settings, *options.writing(), str(store)),
                           self.streams[name])  # fmt: skip
        rest = self.completed(store, name, options)
        while rest and self.random.randrange(4) != 0:
            self.feed_and_kill(("split", "--continue", *options.writing(), str(store)), rest)
            rest = self.completed(store, name, options)

    def test_whenever_it_comes_the_store_can_be_made_whole(self):
        while self.kills < KILLS:
            name = self.random.choice(list(STREAMS))
            options = Options(self.random, STREAMS[name], str(self.key))
            with self.subTest(seed=SEED, stream=name, options=str(options), kill=self.kills):
                self.one_store(name, options)
        self.assertGreaterEqual(sum(self.compared.values()), KILLS, self.compared)
        self.assertGreater(self.compared["continued"], KILLS / 4, self.compared)
        self.assertGreater(self.compared["closed"], 0, self.compared)


if __name__ == "__main__":
    print(f"seed {SEED}")
    unittest.main()
