# SPDX-License-Identifier: BSD-2-Clause
"""`pipe` as a process among others: signals, files that change while it runs, and the command lines
that backup tools give to mbuffer and pv.

ctest gives the paths in ZSLUICE and ZSLUICE_TEST_CORPUS. Nothing here sleeps: a test waits for
bytes, for the end of a file or for the end of a process.
"""
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import unittest

ZSLUICE = os.environ["ZSLUICE"]
CORPUS = os.environ["ZSLUICE_TEST_CORPUS"]


def corpus(name):
    with open(os.path.join(CORPUS, name + ".zsend"), "rb") as stream:
        return stream.read()


RAW = corpus("g256_raw_full")
PLAIN = corpus("pl_full")
DAMAGED = RAW[:500000] + bytes([RAW[500000] ^ 1]) + RAW[500001:]


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_as(self, words, stdin, **environment):
        """`words` as a shell would run them, with the program under the name of the first one."""
        program = self.path(words[0])
        if not os.path.exists(program):
            os.symlink(ZSLUICE, program)
        return subprocess.run(
            [program, *words[1:]], input=stdin, capture_output=True, timeout=60, check=False,
            env=dict(os.environ, **environment), cwd=self.folder,
        )  # fmt: skip


class CallersOfMbuffer(Folder):
    """Each line as the tool's source has it."""

    LINES = {
        "syncoid": "mbuffer -q -s 128k -m 16M",
        "syncoid with a limit": "mbuffer -R 500m -q -s 128k -m 16M",
        "bzfs": "mbuffer -s 2097152 -q -m 128M",
        "bzfs with a limit": "mbuffer -s 2097152 -q -m 128M -R 500M",
        "znapzend": "mbuffer -q -s 256k -W 600 -m 1G",
        "zfs-autobackup": "mbuffer -q -s128k -m16M",
        "zfs-autobackup with a limit": "mbuffer -q -s128k -m16M -R500M",
        "pyznap": "mbuffer -q -s 128K -m 512M",
        "zettarepl": "mbuffer -q -Q -m 104857600b -r 104857600 -R 104857600",
        "btrbk": "mbuffer -v 1 -q -m 256m -r 400m",
    }

    def test_get_what_they_would_of_mbuffer(self):
        foreign = os.urandom(300_000)
        for tool, line in self.LINES.items():
            for data in (RAW, PLAIN, foreign, b"x", RAW + foreign):
                with self.subTest(tool=tool, size=len(data)):
                    done = self.run_as(line.split(), data)
                    self.assertEqual((done.returncode, len(done.stdout)), (0, len(data)))
                    self.assertEqual(done.stdout, data)

    def test_are_told_of_damage(self):
        for tool, line in self.LINES.items():
            with self.subTest(tool=tool):
                done = self.run_as(line.split(), DAMAGED)
                self.assertEqual(done.returncode, 3)
                self.assertLess(len(done.stdout), 500000)
                self.assertEqual(done.stdout, RAW[: len(done.stdout)])

    def test_may_demand_raw_streams(self):
        for data, status in ((RAW, 0), (PLAIN, 5), (os.urandom(1000), 3)):
            done = self.run_as(["mbuffer", "-q"], data, ZSLUICE_REQUIRE_RAW="1")
            self.assertEqual(done.returncode, status)
            self.assertEqual(done.stdout, data if status == 0 else b"")

    def test_see_its_status_and_summary(self):
        done = self.run_as(["mbuffer", "-s", "128k", "-m", "16M"], RAW)
        self.assertRegex(done.stderr, rb"summary: .* in .*sec - average of .*/s\n$")

    def test_may_name_files(self):
        with open(self.path("in"), "wb") as file:
            file.write(RAW)
        done = self.run_as(["mbuffer", "-q", "-i", "in", "-o", "out"], b"")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path("out"), "rb") as file:
            self.assertEqual(file.read(), RAW)

    def test_keep_a_file_that_is_input_and_output(self):
        with open(self.path("both"), "wb") as file:
            file.write(RAW)
        done = self.run_as(["mbuffer", "-q", "-i", "both", "-f", "-o", "both"], b"")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(os.path.getsize(self.path("both")), len(RAW))

    def test_are_told_that_there_is_no_network(self):
        done = self.run_as(["mbuffer", "-I", "9090"], b"")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"ssh", done.stderr)


class CallersOfPv(Folder):
    LINES = {
        "syncoid": f"pv -p -t -e -r -b -s {len(RAW)}",
        "pyznap": f"pv -w 100 -s {len(RAW)}",
        "bzfs": "pv --progress --timer --eta --fineta --rate --average-rate --bytes --interval=1"
        f" --width=120 --buffer-size=2M --force --name=867KiB --size={len(RAW)}",
    }

    def test_get_what_they_would_of_pv(self):
        for tool, line in self.LINES.items():
            for data in (RAW, PLAIN, os.urandom(300_000)):
                with self.subTest(tool=tool, size=len(data)):
                    done = self.run_as(line.split(), data)
                    self.assertEqual((done.returncode, len(done.stdout)), (0, len(data)))
                    self.assertEqual(done.stdout, data)

    def test_are_shown_a_line_that_bzfs_can_read(self):
        done = self.run_as(self.LINES["bzfs"].split(), RAW)
        last = done.stderr.decode().splitlines()[-1]
        self.assertRegex(last, r"^ *867KiB:  ?867KiB 0:\d\d:\d\d \[.*/s\] \[.*/s\] \[=+>\] 100%")

    def test_are_told_of_damage(self):
        done = self.run_as(["pv", "-q"], DAMAGED)
        self.assertEqual(done.returncode, 3)


class WhileItRuns(Folder):
    def start(self, *arguments):
        # Unbuffered: what a buffer had read ahead, communicate() would not see.
        child = subprocess.Popen(
            [ZSLUICE, "pipe", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.folder, bufsize=0,
        )  # fmt: skip
        self.addCleanup(self.end, child)
        return child

    def end(self, child):
        child.kill()
        child.wait(timeout=60)
        for pipe in (child.stdin, child.stdout, child.stderr):
            pipe.close()

    def finish(self, child, rest=b""):
        out, err = child.communicate(rest, timeout=60)
        return child.returncode, out, err.decode()

    def test_sigusr1_is_answered_and_the_stream_goes_on(self):
        child = self.start("-q")
        child.stdin.write(RAW[:600000])
        child.stdin.flush()
        first = child.stdout.read(65536)
        child.send_signal(signal.SIGUSR1)
        answer = child.stderr.readline().decode()
        self.assertRegex(answer, r"^zsluice: pipe: .* passed in ")
        status, out, _ = self.finish(child, RAW[600000:])
        self.assertEqual((status, first + out), (0, RAW))

    def test_sigterm_ends_it_without_an_end(self):
        child = self.start("-q")
        child.stdin.write(RAW[:600000])
        child.stdin.flush()
        first = child.stdout.read(65536)
        child.send_signal(signal.SIGTERM)
        out = first + child.stdout.read()
        self.assertEqual(child.wait(timeout=60), 128 + signal.SIGTERM)
        self.assertEqual(out, RAW[: len(out)])
        self.assertLess(len(out), 600000)
        child.stdin.close()

    def test_sighup_reads_the_rate_again(self):
        with open(self.path("rate"), "w", encoding="ascii") as file:
            file.write("1  # a byte a second: nothing comes of it\n")
        child = self.start("-q", "--rate-file", "rate")
        child.stdin.write(RAW)
        child.stdin.close()
        with open(self.path("new"), "w", encoding="ascii") as file:
            file.write("off\n")
        os.rename(self.path("new"), self.path("rate"))
        child.send_signal(signal.SIGHUP)
        self.assertEqual(child.stdout.read(), RAW)
        self.assertEqual(child.wait(timeout=60), 0)

    def test_sighup_behind_the_last_byte_makes_no_failure_of_it(self):
        with open(self.path("rate"), "w", encoding="ascii") as file:
            file.write("off\n")
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(writer, False)
        filled = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                filled += os.write(writer, b"x" * 4096)
        child = subprocess.Popen(
            [ZSLUICE, "pipe", "--rate-file", "rate"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=writer, cwd=self.folder,
        )  # fmt: skip
        os.close(writer)
        child.stdin.write(RAW)
        child.stdin.close()
        self.assertEqual(child.stdout.read(), RAW)
        child.send_signal(signal.SIGHUP)  # while its last words find no room
        with open(reader, "rb", closefd=False) as err:
            words = err.read()[filled:].decode()
        child.stdout.close()
        self.assertEqual(child.wait(timeout=60), 0)
        self.assertIn("whole", words)

    def test_sighup_ends_it_where_there_is_nothing_to_read_again(self):
        child = self.start("-q", "--rate", "500M")
        child.stdin.write(RAW[:600000])
        child.stdin.flush()
        child.stdout.read(65536)
        child.send_signal(signal.SIGHUP)
        child.stdout.read()
        self.assertEqual(child.wait(timeout=60), 128 + signal.SIGHUP)

    def test_files_that_would_block_are_refused(self):
        os.mkfifo(self.path("fifo"))
        status, out, err = self.finish(self.start("--rate-file", "fifo"), RAW)
        self.assertEqual((status, out), (2, b""))
        self.assertIn("--rate-file", err)
        status, out, err = self.finish(self.start("--metrics", "fifo"), RAW)
        self.assertEqual((status, out), (0, RAW))
        self.assertEqual(err.count("--metrics"), 1)

    def test_a_broken_rate_file_is_refused_at_the_start(self):
        with open(self.path("rate"), "w", encoding="ascii") as file:
            file.write("08:00 2M\n")
        status, out, err = self.finish(self.start("--rate-file", "rate"), RAW)
        self.assertEqual((status, out), (2, b""))
        self.assertIn('"08:00" is not TIME,RATE', err)

    def test_progress_as_json_is_objects(self):
        status, _, err = self.finish(self.start("--progress", "json", "--size", str(len(RAW))), RAW)
        lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
        self.assertEqual(status, 0)
        self.assertEqual(lines[-1]["schema"], "zsluice.progress/1")
        self.assertEqual(lines[-1]["bytes_out"], len(RAW))

    def test_metrics_are_those_of_the_run(self):
        for stream, status in ((RAW, 0), (DAMAGED, 3)):
            self.assertEqual(self.finish(self.start("-q", "--metrics", "m.prom"), stream)[0], status)
            with open(self.path("m.prom"), encoding="ascii") as file:
                metrics = dict(line.split() for line in file if line[0] != "#" and "{" not in line)
            self.assertEqual(metrics["zsluice_exit_status"], str(status))
            self.assertGreater(float(metrics["zsluice_last_success_timestamp_seconds"]), 1.7e9)
        self.assertEqual(os.listdir(self.folder), ["m.prom"])

    def test_a_summary_is_the_last_line_unless_quiet(self):
        status, _, err = self.finish(self.start(), RAW)
        self.assertEqual(status, 0)
        self.assertRegex(err, r"^zsluice: pipe: stdin: whole: \d+ records, .* passed in .*\n$")
        self.assertEqual(self.finish(self.start("-q"), RAW)[2], "")


if __name__ == "__main__":
    unittest.main()
