# SPDX-License-Identifier: BSD-2-Clause
"""`zsluice split` and `join` as processes: pipes, a reader that closes, a kill, memory.

ctest gives the paths in ZSLUICE and ZSLUICE_TEST_CORPUS. Nothing here sleeps.
"""
import fcntl
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import unittest

ZSLUICE = os.environ["ZSLUICE"]
CORPUS = os.environ["ZSLUICE_TEST_CORPUS"]
RAW_BYTES = open(os.path.join(CORPUS, "g256_raw_full.zsend"), "rb").read()
LONG_BYTES = open(os.path.join(CORPUS, "lb_raw_full.zsend"), "rb").read()


class Stores(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = os.path.join(folder.name, "store")

    def run_tool(self, *arguments, **options):
        return subprocess.run([ZSLUICE, *arguments], capture_output=True, timeout=60, check=False,
                              **options)  # fmt: skip

    def split(self, **options):
        return self.run_tool("split", "-q", "--segment-size", "64K", self.store, **options)

    def join(self):
        return self.run_tool("join", "-q", self.store)

    def test_pipes_on_both_sides(self):
        self.assertEqual(self.split(input=RAW_BYTES).returncode, 0)
        joined = subprocess.run(
            ["bash", "-c", 'set -o pipefail; "$0" join -q "$1" | cat', ZSLUICE, self.store],
            capture_output=True, timeout=60, check=False)  # fmt: skip
        self.assertEqual((joined.returncode, joined.stdout), (0, RAW_BYTES))

    def test_a_store_does_not_depend_on_how_its_files_are_written(self):
        """By a ring or by calls, past the page cache (from 1 MiB on) or through it, by many threads."""
        for settings in (["--segment-size", "1M", "--compress", "off"], ["--compress", "3"], []):
            stores = []
            for how in (["--io", "poll"], ["--io", "auto"], ["--io", "auto", "-T", "3"]):
                store = f"{self.store}{len(stores)}"
                shutil.rmtree(store, ignore_errors=True)
                done = self.run_tool("split", "-q", *settings, *how, store, input=LONG_BYTES)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(self.run_tool("join", "-q", store).stdout, LONG_BYTES)
                files = sorted(pathlib.Path(store).glob("*/*"))
                self.assertGreaterEqual(sum(path.stat().st_size for path in files), 1 << 20)
                stores.append([(path.name, path.read_bytes()) for path in files])
            self.assertEqual(stores[0], stores[1])
            self.assertEqual(stores[0], stores[2])

    def test_a_reader_that_closes_is_told_of_once(self):
        self.assertEqual(self.split(input=RAW_BYTES).returncode, 0)
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run([ZSLUICE, "join", self.store], stdout=write_end,
                              stderr=subprocess.PIPE, timeout=60, check=False)  # fmt: skip
        os.close(write_end)
        self.assertEqual(done.returncode, 7)
        self.assertIn(b"the reader closed after 0 bytes", done.stderr)

    def test_a_kill_leaves_what_was_stored_and_frees_the_lock(self):
        running = subprocess.Popen([ZSLUICE, "split", "--segment-size", "64K", self.store],
                                   stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
        # A pipe holds 64 KiB: when all of it could be written, most of it has been read.
        running.stdin.write(RAW_BYTES[:600000])
        running.stdin.flush()
        second = self.split(input=RAW_BYTES)
        self.assertEqual(second.returncode, 7)
        self.assertIn(b"another process is writing", second.stderr)
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stdin.close()
        joined = self.join()
        self.assertEqual(joined.returncode, 4)
        self.assertTrue(RAW_BYTES.startswith(joined.stdout))
        self.assertIn(b"there is a part of a stream", self.split(input=RAW_BYTES).stderr)

    def test_a_command_behind_pipes(self):
        """The command's words and the stream do not mix, with SIGPIPE and SIGCHLD as callers of
        all kinds leave them."""

        def careless():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)

        far = self.store + " far"
        environment = {**os.environ, "D": far, "ZSLUICE_SIZE": "no"}
        put = ('f="$D/$ZSLUICE_SEGMENT"; mkdir -p "$(dirname "$f")" && cat > "$f" && '
               '[ $(stat -c %s "$f") = "$ZSLUICE_SIZE" ] && echo "$ZSLUICE_SEGMENT"')  # fmt: skip
        done = self.run_tool("split", "-q", "--segment-size", "64K", "--filter", put, self.store,
                             input=RAW_BYTES, env=environment, preexec_fn=careless)  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertEqual(len(done.stderr.splitlines()), 25)
        self.assertEqual(self.run_tool("join", "-q", far).stdout, RAW_BYTES)
        get = 'cat "$D/$ZSLUICE_SEGMENT"'
        for store in ((), (self.store,)):
            done = self.run_tool("verify", "-j2", "--fetch", get, *store, env=environment)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertIn(b'whole: "src/g256@s1", 24 segments', done.stdout)
        with open(far + "/000000000/000000000007.zss", "r+b") as file:
            file.seek(5000)
            kept = file.read(1)
            file.seek(5000)
            file.write(bytes([kept[0] ^ 1]))
            file.flush()
            done = self.run_tool("verify", "--fetch", get, self.store, env=environment)
            self.assertEqual(done.returncode, 3)
            self.assertIn(b"segment 7 (000000000/000000000007.zss", done.stderr)
            file.seek(5000)
            file.write(kept)
        done = self.run_tool("verify", "--fetch", "false")
        self.assertEqual(done.returncode, 9)
        self.assertIn(b"the manifest was not fetched: the command failed with exit status 1", done.stderr)
        get = 'echo reading >&2; cat "$D/$ZSLUICE_SEGMENT"'
        done = self.run_tool("join", "-q", "--fetch", get, env=environment, preexec_fn=careless)
        self.assertEqual((done.returncode, done.stdout), (0, RAW_BYTES))
        self.assertEqual(done.stderr, b"reading\n" * 25)

    def test_a_signal_leaves_what_is_proven(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            store = f"{self.store}{number}"
            arguments = [ZSLUICE, "split", "--segment-size", "64K"]
            # A pipe holds 64 KiB: when all of it could be written, most of it has been read.
            done, err = self.interrupted([*arguments, store], RAW_BYTES[:600000], number)
            self.assertEqual(done, 128 + number)
            words = f"split: ended by {number.name}\n  {store} holds the first "
            self.assertIn(words.encode(), err)
            joined = self.run_tool("join", "-q", store).stdout
            self.assertTrue(RAW_BYTES.startswith(joined))
            # The proven part of the open segment, too.
            self.assertGreater(len(joined), 600000 - 2 * 65536)
            self.assertIn(f"the first {len(joined)} bytes of the stream".encode(), err)
            # And in a store that is continued.
            token = self.run_tool("token", "make", "-q", store).stdout.decode().strip()
            rest = self.run_tool("resume", "-q", "--token", token,
                                 os.path.join(CORPUS, "g256_raw_full.zsend")).stdout  # fmt: skip
            done, err = self.interrupted([ZSLUICE, "split", "--continue", store], rest[:200000],
                                         number)  # fmt: skip
            self.assertEqual(done, 128 + number)
            self.assertIn(f"split: ended by {number.name}\n".encode(), err)
            longer = self.run_tool("join", "-q", store).stdout
            self.assertTrue(RAW_BYTES.startswith(longer))
            self.assertGreater(len(longer), len(joined))

    def test_a_signal_for_nothing_stored_leaves_no_trace(self):
        done, err = self.interrupted([ZSLUICE, "split", self.store], RAW_BYTES[:100],
                                     signal.SIGTERM)  # fmt: skip
        self.assertEqual((done, err), (143, b"zsluice: split: ended by SIGTERM\n"
                                            b"  Nothing was stored.\n"))  # fmt: skip
        self.assertFalse(os.path.exists(self.store))

    def test_a_command_gets_its_whole_segment_when_a_signal_comes(self):
        far = self.store + " far"
        environment = {**os.environ, "D": far}
        # The command that takes segment 3 sends the signal itself, before it reads.
        # It is not to inherit that signals are held back.
        put = ('grep -q "^SigBlk:[[:space:]]*0*$" /proc/self/status || exit 126; '
               'f="$D/$ZSLUICE_SEGMENT"; mkdir -p "$(dirname "$f")"; '
               'case $f in *003.zss) kill -TERM $PPID;; esac; cat > "$f"')  # fmt: skip
        running = subprocess.Popen(
            [ZSLUICE, "split", "--segment-size", "64K", "--filter", put, self.store],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)  # fmt: skip
        try:
            running.stdin.write(RAW_BYTES[:600000])
            running.stdin.flush()
        except BrokenPipeError:
            pass
        with running.stderr:
            err = running.stderr.read()
        self.assertEqual(running.wait(60), 143)
        try:
            running.stdin.close()
        except BrokenPipeError:
            pass
        self.assertIn(b"split: ended by SIGTERM\n  The command took the first ", err)
        joined = self.run_tool("join", "-q", far)
        self.assertEqual(joined.returncode, 4)
        self.assertTrue(RAW_BYTES.startswith(joined.stdout))
        self.assertIn(f"the first {len(joined.stdout)} bytes of the stream".encode(), err)

    def test_signals_that_come_together_count_as_one(self):
        # As timeout(1) sends them, to the process and to its group.
        done, _ = self.interrupted([ZSLUICE, "split", "--segment-size", "64K", self.store],
                                   RAW_BYTES[:600000], signal.SIGTERM, signal.SIGINT)  # fmt: skip
        self.assertIn(done, (143, 130))
        self.assertGreater(len(self.join().stdout), 600000 - 2 * 65536)

    def test_a_second_signal_ends_it_at_once(self):
        """While a command runs that never ends, where no signal is looked at."""
        begun, never = self.store + " begun", self.store + " never"
        os.mkfifo(begun)
        os.mkfifo(never)
        put = 'cat > /dev/null; : > "$BEGUN"; : > "$NEVER"'  # waits for a reader
        running = subprocess.Popen(
            [ZSLUICE, "split", "--segment-size", "64K", "--filter", put, self.store],
            stdin=subprocess.PIPE, env={**os.environ, "BEGUN": begun, "NEVER": never})  # fmt: skip
        self.give_at_once(running.stdin, RAW_BYTES[:200000])
        with open(begun, "rb"):
            pass
        # The first, those that come together with it, and then one more, as Ctrl-C held down.
        while running.poll() is None:
            running.send_signal(signal.SIGTERM)
        self.assertEqual(running.wait(60), -signal.SIGTERM)
        with open(never, "rb"):
            pass
        running.stdin.close()

    def test_a_command_that_fails_is_not_tried_again_after_a_signal(self):
        far, tries = self.store + " far", self.store + " tries"
        put = ('f="$D/$ZSLUICE_SEGMENT"; mkdir -p "$(dirname "$f")"; cat > "$f"; '
               'case $f in *002.zss) echo >> "$TRIES"; exit 3;; esac')  # fmt: skip
        begun = time.monotonic()
        running = subprocess.Popen(
            [ZSLUICE, "split", "--segment-size", "64K", "--filter", put, self.store],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "D": far, "TRIES": tries})  # fmt: skip
        self.give_at_once(running.stdin, RAW_BYTES[:300000])
        failed = "000000000/000000000002.zss"
        with running.stderr as words:
            self.assertIn(f"{failed}: the command failed with exit status 3; try 2 of 5".encode(),
                          words.readline())  # fmt: skip
            running.send_signal(signal.SIGTERM)
            # The pause takes half a second at least. On a machine that is slower the signal may have
            # come behind it: then there were more tries, but no more than that one since.
            is_late = time.monotonic() - begun > 0.5
            tried = os.path.getsize(tries) + 1 if is_late else 1
            err = words.read()
        self.assertEqual(running.wait(60), 143)
        running.stdin.close()
        self.assertLessEqual(os.path.getsize(tries), min(tried, 4))
        while is_late and b"; try " in err.partition(b"\n")[0]:
            err = err.partition(b"\n")[2]
        head = (f"zsluice: split: ended by SIGTERM\n"
                f"  {failed} was not taken: the command failed with exit status 3\n"
                f"  The command took the first ")  # fmt: skip
        self.assertTrue(err.startswith(head.encode()), err)
        self.assertIn(b"  It has not got the manifest", err)

    def test_ctrl_c_ends_the_command_too_and_nothing_is_tried_again(self):
        put = 'case $ZSLUICE_SEGMENT in *002.zss) kill -INT 0;; esac; cat > /dev/null'
        done = self.run_tool("split", "--segment-size", "64K", "--filter", put, "--json",
                             self.store, input=RAW_BYTES, start_new_session=True)  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (130, b""))
        result = json.loads(done.stdout)
        self.assertEqual((result["verdict"], result["exit_status"]), ("signal", 130))
        self.assertEqual(result["failure"]["code"], "signal")
        self.assertEqual(result["not_taken"]["code"], "filter_failed")
        self.assertEqual(result["not_taken"]["command_signal"], signal.SIGINT)
        self.assertEqual((result["segments"], result["manifest_taken"]), (2, False))

    def test_a_signal_at_the_end_is_no_failure(self):
        """The manifest is handed over when the input has been read to its end."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            store = f"{self.store}{number}"
            put = f'case $ZSLUICE_SEGMENT in man*) kill -{int(number)} $PPID;; esac; cat > /dev/null'
            done = self.run_tool("split", "--segment-size", "64K", "--filter", put, "--json", store,
                                 input=RAW_BYTES)  # fmt: skip
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            result = json.loads(done.stdout)
            self.assertEqual((result["verdict"], result["manifest_taken"]), ("whole", True))
            done = self.run_tool("split", "--segment-size", "64K", "--filter", put,
                                 f"{store} words", input=RAW_BYTES)  # fmt: skip
            self.assertEqual(done.returncode, 0)
            self.assertIn(b": whole: 887876 bytes", done.stderr)

    def give_at_once(self, pipe, data):
        """Whether it is read or not."""
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, len(data))
        pipe.write(data)
        pipe.flush()

    def interrupted(self, arguments, data, *numbers):
        running = subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        fcntl.fcntl(running.stdin, fcntl.F_SETPIPE_SZ, 4096)  # the smallest there is
        running.stdin.write(data)
        running.stdin.flush()
        # Nothing is left in the pipe, so that all of it has been read.
        while fcntl.ioctl(running.stdin, termios.FIONREAD, bytes(4)) != bytes(4):
            pass
        # Those that come while it is stopped come together, however long this process rests between.
        running.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, running.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        for number in (*numbers, signal.SIGCONT):
            running.send_signal(number)
        with running.stderr:
            err = running.stderr.read()
        status = running.wait(60)
        running.stdin.close()
        return status, err

    def test_a_full_disk_is_named(self):
        limit = 300000

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = self.run_tool("split", self.store, input=RAW_BYTES, preexec_fn=small_files)
        self.assertEqual(done.returncode, 7)
        self.assertIn(b"000000000000.zss.part: cannot be written: File too large", done.stderr)
        # The room is free again, and the store as good as new.
        self.assertEqual(list(pathlib.Path(self.store).rglob("*.part")), [])
        self.assertEqual(self.split(input=RAW_BYTES).returncode, 0)
        self.assertEqual(self.join().stdout, RAW_BYTES)

    def test_a_store_that_may_not_be_written_to(self):
        done = self.run_tool("split", "/proc/store", input=RAW_BYTES)
        self.assertEqual(done.returncode, 7)
        self.assertIn(b"split: /proc/store: cannot be opened: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
