# SPDX-License-Identifier: BSD-2-Clause
"""`join` at a rate, and with somebody who watches: signals, files that change while it runs,
readers of all kinds, a terminal.

ctest gives the paths in ZSLUICE and ZSLUICE_TEST_CORPUS. Nothing here sleeps: a test waits for
bytes, for the end of a file or for the end of a process.
"""
import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

ZSLUICE = os.environ["ZSLUICE"]
CORPUS = os.environ["ZSLUICE_TEST_CORPUS"]
RAW_BYTES = open(os.path.join(CORPUS, "g256_raw_full.zsend"), "rb").read()
SLOW = "100  # hours would pass\n"


class Joins(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        subprocess.run([ZSLUICE, "split", "-q", "--segment-size", "64K", "store"], input=RAW_BYTES,
                       timeout=60, check=True, cwd=self.folder)  # fmt: skip

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)

    def replace(self, name, text):
        self.write("new", text)
        os.rename(self.path("new"), self.path(name))

    def start(self, *arguments, **options):
        child = subprocess.Popen([ZSLUICE, "join", *arguments], cwd=self.folder, bufsize=0,
                                 **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})  # fmt: skip
        self.addCleanup(self.end, child)
        return child

    def start_to_socket(self, *arguments):
        """A pipe could hold the whole stream, so that nothing would be left to go on with."""
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        with theirs:
            return self.start(*arguments, stdout=theirs), ours

    def end(self, child):
        child.kill()
        child.wait(timeout=60)
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()

    def finish(self, child):
        out, err = child.communicate(timeout=60)
        return child.returncode, out, err.decode()

    def full_pipe(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"x" * 4096)
        os.set_blocking(writer, True)
        return reader, writer

    def test_sigusr1_is_answered_and_the_stream_goes_on(self):
        for arguments in ([], ["--rate", "500M"]):
            with self.subTest(arguments=arguments):
                child, reader = self.start_to_socket("-q", *arguments, "store")
                first = reader.recv(65536)
                child.send_signal(signal.SIGUSR1)
                answer = child.stderr.readline().decode()
                self.assertRegex(answer, r"^zsluice: join: .* passed in ")
                out = b"".join(iter(lambda: reader.recv(65536), b""))
                status, _, err = self.finish(child)
                self.assertEqual((status, first + out), (0, RAW_BYTES))
                self.assertIn("% of 867.1 KiB", err)

    def test_sighup_reads_the_rate_again(self):
        self.write("rate", SLOW)
        child = self.start("--rate-file", "rate", "store")
        child.stdout.read(1)
        self.replace("rate", "fast\n")
        self.assertIn(b"the rate stays as it was", child.stderr.readline())
        child.send_signal(signal.SIGHUP)  # the file is as it was: nobody would look at it again
        self.assertIn(b"the rate stays as it was", child.stderr.readline())
        self.replace("rate", "off\n")
        self.assertEqual(child.stdout.read(), RAW_BYTES[1:])
        self.assertEqual(child.wait(timeout=60), 0)

    def test_sighup_behind_the_last_byte_makes_no_failure_of_it(self):
        self.write("rate", "off\n")
        reader, writer = self.full_pipe()
        child = self.start("--rate-file", "rate", "store", stderr=writer)
        os.close(writer)
        self.assertEqual(child.stdout.read(), RAW_BYTES)
        child.send_signal(signal.SIGHUP)  # while its last words find no room
        with open(reader, "rb", closefd=False) as err:
            self.assertIn(b": whole: ", err.read())
        while child.poll() is None:  # and on the way out
            child.send_signal(signal.SIGHUP)
        self.assertEqual(child.returncode, 0)

    def test_a_stderr_that_nobody_reads_does_not_keep_it(self):
        for arguments in (["--rate", "10G"], ["--rate", "10G", "--json"]):
            with self.subTest(arguments=arguments):
                _, writer = self.full_pipe()
                child = self.start(*arguments, "store", stderr=writer)
                os.close(writer)
                self.assertEqual(child.stdout.read(), RAW_BYTES)
                self.assertEqual(child.wait(timeout=60), 0)

    def test_a_rate_file_that_changes_is_read_again(self):
        self.write("rate", SLOW)
        child = self.start("--rate-file", "rate", "--log-format", "json", "store")
        child.stdout.read(1)
        self.write("rate", "fast\n")
        self.assertIn("the rate stays as it was", json.loads(child.stderr.readline())["message"])
        self.write("rate", "off\n")
        self.assertEqual(child.stdout.read(), RAW_BYTES[1:])
        self.assertEqual(child.wait(timeout=60), 0)

    def test_a_signal_ends_it_cleanly(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number=number):
                child = self.start("--rate", "100", "--progress", "json", "--metrics", "m.prom",
                                   "--json", "store")  # fmt: skip
                first = child.stdout.read(1)
                child.send_signal(number)
                status, out, err = self.finish(child)
                out = first + out
                self.assertEqual(status, 128 + number)
                self.assertEqual(out, RAW_BYTES[: len(out)])
                lines = [json.loads(line) for line in err.splitlines()]
                self.assertEqual([line["schema"] for line in lines[-2:]],
                                 ["zsluice.progress/1", "zsluice.join/1"])  # fmt: skip
                self.assertEqual([line["bytes_out"] for line in lines[-2:]], [len(out)] * 2)
                self.assertEqual(lines[-1]["failure"]["code"], "signal")
                with open(self.path("m.prom"), encoding="ascii") as file:
                    self.assertIn(f"\nzsluice_exit_status {128 + number}\n", file.read())

    def test_a_signal_ends_it_while_nobody_reads(self):
        child, reader = self.start_to_socket("-q", "--progress", "json", "--rate", "500M", "store")
        reader.recv(1)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(timeout=60), 128 + signal.SIGTERM)

    def test_a_reader_that_closes_is_noticed_while_the_rate_holds_bytes_back(self):
        child = self.start("--rate", "100", "--burst", "1", "store")
        child.stdout.read(1)
        child.stdout.close()
        self.assertEqual(child.wait(timeout=60), 7)
        self.assertIn(b"the reader closed after ", child.stderr.read())

    def test_ctrl_c_ends_the_command_too_and_nothing_is_tried_again(self):
        get = ('case $ZSLUICE_SEGMENT in *002.zss) kill -INT 0;; esac; '
               'cat "store/$ZSLUICE_SEGMENT"')  # fmt: skip
        child = self.start("--fetch", get, "--rate", "1G", "--json", start_new_session=True)
        status, out, err = self.finish(child)
        self.assertEqual(status, 130)
        self.assertTrue(RAW_BYTES.startswith(out))
        self.assertEqual(json.loads(err)["failure"]["code"], "signal")

    def test_after_a_signal_no_more_is_fetched(self):
        files = ["manifest.jsonl", *(f"000000000/{number:012}.zss" for number in range(3))]
        for last, name in enumerate(files):
            with self.subTest(name=name):
                self.write("log", "")
                get = ('echo "$ZSLUICE_SEGMENT" >> log; '
                       f'[ "$ZSLUICE_SEGMENT" != {name} ] || kill -TERM $PPID; '
                       'cat "store/$ZSLUICE_SEGMENT"')  # fmt: skip
                child = self.start("--fetch", get, "--rate", "1G")
                status, out, err = self.finish(child)
                self.assertEqual(status, 143)
                self.assertTrue(RAW_BYTES.startswith(out))
                self.assertRegex(err, r"^zsluice: join: ended by SIGTERM; .*\n$")
                with open(self.path("log"), encoding="ascii") as file:
                    self.assertEqual(file.read().split(), files[: last + 1])

    def test_after_a_signal_nothing_is_said_of_the_manifest(self):
        get = ('case $ZSLUICE_SEGMENT in manifest.jsonl) exit 1;; *002.zss) kill -TERM $PPID;; '
               'esac; cat "store/$ZSLUICE_SEGMENT"')  # fmt: skip
        status, _, err = self.finish(self.start("--fetch", get, "--rate", "1G"))
        self.assertEqual(status, 143)
        self.assertRegex(err, r"^zsluice: join: ended by SIGTERM; .*\n$")

    def test_a_signal_ends_the_pause_before_another_try(self):
        get = 'case $ZSLUICE_SEGMENT in *002.zss) exit 3;; esac; cat "store/$ZSLUICE_SEGMENT"'
        child = self.start("--fetch", get, "--rate", "1G", "store")
        reading = threading.Thread(target=child.stdout.read)
        reading.start()
        self.assertIn(b"000000000002.zss: the command failed with exit status 3; try 2 of 5",
                      child.stderr.readline())  # fmt: skip
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(timeout=60), 143)
        reading.join()
        self.assertIn(b"ended by SIGTERM; ", child.stderr.read())

    def test_commands_start_with_no_signal_held_back(self):
        get = ('grep -q "^SigBlk:[[:space:]]*0*$" /proc/self/status || exit 126; '
               'cat "store/$ZSLUICE_SEGMENT"')  # fmt: skip
        self.write("rate", "off\n")
        status, out, _ = self.finish(self.start("--fetch", get, "--rate-file", "rate"))
        self.assertEqual((status, out), (0, RAW_BYTES))

    def test_an_output_of_any_kind(self):
        for mode, before in (("wb", b""), ("ab", b"what was there")):
            with open(self.path("out"), "wb") as file:
                file.write(before)
            with open(self.path("out"), mode) as file:
                child = self.start("-q", "--rate", "1G", "store", stdout=file)
                self.assertEqual(child.wait(timeout=60), 0)
            with open(self.path("out"), "rb") as file:
                self.assertEqual(file.read(), before + RAW_BYTES)
        reader, writer = os.pipe()
        os.set_blocking(writer, False)  # as some callers leave it
        child = self.start("-q", "--rate", "1G", "store", stdout=writer)
        os.close(writer)
        with open(reader, "rb") as file:
            self.assertEqual(file.read(), RAW_BYTES)
        self.assertEqual(child.wait(timeout=60), 0)

    def test_a_full_disk_is_named(self):
        with open("/dev/full", "wb") as full:
            child = self.start("--rate", "1G", "store", stdout=full)
            self.assertEqual(child.wait(timeout=60), 7)
            self.assertIn(b"No space left on device", child.stderr.read())

    def test_a_terminal_gets_a_line_that_is_cleared(self):
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        # The first line comes after a second: no less is held back.
        child = self.start("--rate", "700K", "store", stderr=terminal)
        os.close(terminal)
        out = child.stdout.read()
        self.assertEqual(child.wait(timeout=60), 0)
        self.assertEqual(out, RAW_BYTES)
        words = b""
        try:
            while piece := os.read(ours, 4096):
                words += piece
        except OSError:  # nobody is left to write
            pass
        self.assertRegex(words.decode(), r"\r *\d+% \[[=> ]*\] .* of 867.1 KiB")
        self.assertRegex(words.decode(), r"\r +\rzsluice: join: store: whole: .*\r\n$")


if __name__ == "__main__":
    unittest.main()
