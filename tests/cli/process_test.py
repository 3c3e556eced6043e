# SPDX-License-Identifier: BSD-2-Clause
"""What only a process of its own can show: refused system calls, closed descriptors, signals, memory.

ctest gives the paths in ZSLUICE, MAKE_STREAM and ZSLUICE_TEST_CORPUS. Nothing here sleeps: a test
waits for bytes, for the end of a file or for the end of a process.
"""
import ctypes
import fcntl
import os
import resource
import select
import signal
import struct
import subprocess
import tempfile
import termios
import unittest

ZSLUICE = os.environ["ZSLUICE"]
MAKE_STREAM = os.environ["MAKE_STREAM"]
CORPUS = os.environ["ZSLUICE_TEST_CORPUS"]
RAW = os.path.join(CORPUS, "c256_raw_full.zsend")
RAW_BYTES = open(RAW, "rb").read()
IO_URING_SETUP = 425


def run(arguments, stdin=RAW_BYTES, **options):
    return subprocess.run(
        [ZSLUICE, *arguments], input=stdin, capture_output=True, timeout=60, check=False, **options
    )


def shell(script, **variables):
    environment = dict(os.environ, Z=ZSLUICE, RAW=RAW, **variables)
    return subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, timeout=60, check=False
    )


def without_summary(words):
    """What was said, without the last line of a `pipe` that went well: a clock had a part in it."""
    return b"".join(
        line for line in words.splitlines(keepends=True) if b" passed in " not in line
    )  # fmt: skip


def refuse_io_uring(error):
    """For preexec_fn: a seccomp filter under which io_uring_setup fails with `error`."""

    def install():
        statement = struct.Struct("HBBI")
        program = b"".join(
            [
                statement.pack(0x20, 0, 0, 0),  # load the number of the call
                statement.pack(0x15, 0, 1, IO_URING_SETUP),  # another one: skip the next
                statement.pack(0x06, 0, 0, 0x00050000 | error),  # SECCOMP_RET_ERRNO
                statement.pack(0x06, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
            ]
        )
        buffer = ctypes.create_string_buffer(program)
        description = struct.pack("HxxxxxxQ", 4, ctypes.addressof(buffer))
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
        argument = ctypes.create_string_buffer(description)
        if libc.prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS
            os._exit(99)
        if libc.prctl(22, 2, ctypes.addressof(argument), 0, 0) != 0:  # PR_SET_SECCOMP
            os._exit(98)

    return install


def unread(fd):
    """Bytes that lie in a pipe."""
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0]


def peak_rss_kib(pid):
    """Of the program itself: ru_maxrss would count what it was forked from."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    raise AssertionError("no VmHWM")


class IoUring(unittest.TestCase):
    def test_refused_is_said_once_and_poll_takes_over(self):
        for error in (1, 38):  # EPERM, ENOSYS
            result = run(["pipe"], preexec_fn=refuse_io_uring(error))
            self.assertEqual(result.returncode, 0)
            self.assertEqual(result.stdout, RAW_BYTES)
            lines = without_summary(result.stderr).decode().splitlines()
            self.assertEqual(len(lines), 1, lines)
            self.assertTrue(lines[0].startswith("zsluice: pipe: io_uring is "), lines)
            self.assertTrue(lines[0].endswith("; using poll(2)"), lines)

    def test_refused_is_not_said_when_quiet(self):
        result = run(["pipe", "-q"], preexec_fn=refuse_io_uring(1))
        self.assertEqual((result.returncode, result.stderr), (0, b""))

    def test_asked_for_by_name_it_is_an_error(self):
        result = run(["pipe", "--io", "uring"], preexec_fn=refuse_io_uring(1))
        self.assertEqual(result.returncode, 7)
        self.assertEqual(result.stdout, b"")
        self.assertTrue(result.stderr.startswith(b"zsluice: pipe: --io uring: io_uring is "))

    def test_environment_switches_it_off(self):
        result = run(["pipe", "-v"], env=dict(os.environ, ZSLUICE_IO="poll"))
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"moving bytes with poll (asked for by ZSLUICE_IO)", result.stderr)

    def test_little_lockable_memory_is_enough(self):
        limit = 64 << 10
        result = run(
            ["pipe"],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, limit)),
        )
        self.assertEqual((result.returncode, result.stdout), (0, RAW_BYTES))


class Shell(unittest.TestCase):
    def test_two_at_once(self):
        result = shell('"$Z" pipe <"$RAW" | "$Z" pipe | "$Z" verify -q && cmp <("$Z" pipe <"$RAW") '
                       '<("$Z" pipe --io poll <"$RAW")')
        self.assertEqual((result.returncode, without_summary(result.stderr)), (0, b""))

    def test_appending(self):
        with tempfile.TemporaryDirectory() as folder:
            script = 'cd "$DIR" && echo before >out && "$Z" pipe <"$RAW" >>out && cmp out <(echo ' \
                     'before; cat "$RAW")'
            for io in ("uring", "poll"):
                result = shell(script, DIR=folder, ZSLUICE_IO=io)
                self.assertEqual((result.returncode, without_summary(result.stderr)), (0, b""))

    def test_closed_descriptors(self):
        for io in ("uring", "poll"):
            for script, status in (
                ('"$Z" pipe <&-', 7),
                ('"$Z" pipe <"$RAW" >&-', 7),
                ('"$Z" pipe <&- >&- 2>&-', 7),
                ('"$Z" pipe <"$RAW" >/dev/null 2>&-', 0),
                ('head -c 99999 "$RAW" | "$Z" pipe >/dev/null 2>&-', 4),
                ('"$Z" verify <&-', 7),
                ('"$Z" verify "$RAW" >&-', 7),
                ('"$Z" verify -q "$RAW" <&- >&- 2>&-', 0),
                ('"$Z" verify --json "$RAW" >&- 2>&-', 7),
            ):
                with self.subTest(io=io, script=script):
                    result = shell(script, ZSLUICE_IO=io)
                    self.assertEqual(result.returncode, status, result.stderr)

    def test_a_reader_that_leaves_early(self):
        script = '"$MAKE" 20M | "$Z" pipe | head -c 1000 >/dev/null; echo "${PIPESTATUS[1]}"'
        result = shell(script, MAKE=MAKE_STREAM)
        self.assertEqual(result.stdout, b"7\n")
        self.assertIn(b"stdout: the reader closed after ", result.stderr)

    def test_the_locale_changes_no_byte(self):
        script = '"$Z" verify "$RAW"; "$Z" pipe <"$RAW" | sha256sum; ' \
                 'head -c 70000 "$RAW" | "$Z" verify --json; "$Z" inspect "$RAW"; "$Z" --help'
        results = [
            shell(script, LC_ALL=name, LANG=name) for name in ("C", "C.UTF-8", "de_DE.UTF-8", "xx")
        ]
        for result in results:
            self.assertEqual(result.stdout, results[0].stdout)
            words = without_summary(result.stderr).splitlines()
            words = [line for line in words if not line.startswith(b"bash: ")]
            self.assertEqual(words, without_summary(results[0].stderr).splitlines())


class Signals(unittest.TestCase):
    def test_terminated_it_closes_cleanly_and_says_143(self):
        for io in ("uring", "poll"):
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                child = subprocess.Popen(
                    [ZSLUICE, "pipe", "--io", io],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
                child.stdin.write(RAW_BYTES[:85104])
                child.stdin.flush()
                passed = child.stdout.read(85004)
                child.send_signal(number)
                passed += child.stdout.read()  # to the end of the file
                child.stdin.close()
                self.assertEqual(passed, RAW_BYTES[:85004])
                self.assertEqual(child.wait(timeout=60), 128 + number)
                self.assertEqual(
                    child.stderr.read().decode(),
                    f"zsluice: pipe: ended by {number.name}; 85004 bytes had been passed, "
                    "END was not\n",
                )
                child.stdout.close()
                child.stderr.close()


class Stderr(unittest.TestCase):
    def test_one_that_is_never_read_does_not_stall_data(self):
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        try:
            while True:
                os.write(write_end, b"x" * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(write_end, True)
        with open(RAW, "rb") as stream:
            child = subprocess.Popen(
                [ZSLUICE, "pipe", "-v"], stdin=stream, stdout=subprocess.PIPE, stderr=write_end
            )
        os.close(write_end)
        self.assertEqual(child.stdout.read(), RAW_BYTES)
        self.assertIsNone(child.poll())  # its last words still wait for room
        os.close(read_end)  # and for nobody now
        self.assertEqual(child.wait(timeout=60), 0)
        child.stdout.close()


def sanitizer():
    """The sanitizer that the program was built with, or None."""
    with open(ZSLUICE, "rb") as program:
        code = program.read()
    return next((name for name in ("asan", "tsan") if f"__{name}_init".encode() in code), None)


@unittest.skipIf(sanitizer(), f"{sanitizer()} reserves more memory than there may be here")
class NoMemory(unittest.TestCase):
    def test_is_no_bug_of_ours(self):
        with tempfile.TemporaryDirectory() as folder:
            done = shell('"$MAKE_STREAM" 96M | "$Z" split -q --allow-plaintext --compress off '
                         f'--segment-size 128M {folder}/store && ulimit -v 90000 && '
                         f'"$Z" join -q --allow-plaintext {folder}/store >/dev/null')  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (7, b"zsluice: out of memory\n"))


@unittest.skipIf(sanitizer(), f"freed memory stays resident under {sanitizer()}")
class Memory(unittest.TestCase):
    """Peak memory does not grow with the stream."""

    def peak_of(self, arguments, size, record="128K", read_in=0):
        """Peak RSS when the whole stream has been read, its input still open."""
        to_child, from_maker = os.pipe()
        child = subprocess.Popen(
            [ZSLUICE, *arguments],
            stdin=to_child,
            stdout=subprocess.PIPE if read_in else subprocess.DEVNULL,
        )
        maker = subprocess.Popen([MAKE_STREAM, size, record], stdout=from_maker)
        if read_in:
            while child.stdout.read(read_in):
                pass
            child.stdout.close()
        self.assertEqual(maker.wait(timeout=100), 0)
        # The last bytes are on their way; the process then waits for more.
        while unread(to_child) > 0:
            select.select([], [from_maker], [])
        peak = peak_rss_kib(child.pid)
        os.close(from_maker)
        os.close(to_child)
        self.assertEqual(child.wait(timeout=60), 0)
        return peak

    def assert_does_not_grow(self, arguments, record="128K"):
        small = self.peak_of(arguments, "10M", record)
        large = self.peak_of(arguments, "300M", record)
        self.assertLess(abs(large - small), 2048, f"{small} KiB and {large} KiB")

    def test_of_verify(self):
        self.assert_does_not_grow(["verify"])
        self.assert_does_not_grow(["verify", "--blocks"])
        self.assert_does_not_grow(["verify", "-j", "2"])

    def test_of_pipe(self):
        self.assert_does_not_grow(["pipe"])
        self.assert_does_not_grow(["pipe", "--io", "poll"])

    def test_of_pipe_with_a_slow_reader_is_its_buffer(self):
        peak = self.peak_of(["pipe", "--buffer", "34M"], "100M", read_in=4096)
        self.assertLess(peak, (34 + 10) << 10)

    def test_largest_records_fit_the_smallest_buffer(self):
        peak = self.peak_of(["pipe", "--buffer", "34M"], "120M", record="16M", read_in=65536)
        self.assertLess(peak, (34 + 10) << 10)


if __name__ == "__main__":
    unittest.main()
