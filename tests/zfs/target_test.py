# SPDX-License-Identifier: BSD-2-Clause
"""Receivers that are slow, full, killed, or not what they should be."""
import case
import datasets

CLOSED = 7  # local I/O: the reader closed
KILLED = 128 + 9


class Target(case.ZfsTest):
    def test_slow_receiver_gets_everything(self):
        source, target = self.make(datasets.WIDE, ("s1",)), f"{self.dst}/slow"
        self.addCleanup(self.destroy, target)
        # A reader that stands still until the buffer is full, then takes little pieces with pauses.
        full = """wait_for grep -q '"buffer_fill":\\(1\\|0\\.9\\)' words1"""
        slow = ("python3 -c 'import os, time\n"
                "while piece := os.read(0, 50000): time.sleep(0.005); os.write(1, piece)'")  # fmt: skip
        statuses, words = self.run_pipe(
            f"zfs send -w {source}@s1", "zsluice pipe --buffer 34M --progress json --interval 100ms",
            f"{{ head -c 1000000 && {full} && {slow}; }}", f"zfs receive -s -u {target}")  # fmt: skip
        self.assertEqual(statuses, [0] * 4, words)
        self.check_received(datasets.WIDE, source, target)

    def check_reader_closed(self, status, words):
        self.assertEqual(status, CLOSED, words)
        self.assertRegex(words, "the reader closed after [0-9]+ bytes; see its own message")

    def test_full_pool_is_told_by_the_receiver_and_its_reader_is_gone_for_us(self):
        source = self.make(datasets.BIG, ("s1",))
        pool = f"{self.place.prefix}small"
        self.addCleanup(self.place.ask, f"zpool destroy -f {pool}; rm -f $WORK/small.img")
        self.tell(f"truncate -s 128M $WORK/small.img; make_pool {pool} $WORK/small.img\n"
                  f"fill_pool {pool} 12")  # fmt: skip
        # zfs receive reads on, up to 16 MiB, while its writer waits for the pool to tell that it is full,
        # and might have the whole stream by then: so each piece is on the disk before the next comes.
        piecewise = ("python3 -c 'import subprocess, sys\n"
                     "while piece := sys.stdin.buffer.read(1 << 19):\n"
                     "  sys.stdout.buffer.write(piece); sys.stdout.flush()\n"
                     f"  subprocess.run([\"zpool\", \"sync\", \"{pool}\"])'")  # fmt: skip
        statuses, words = self.run_pipe(f"zfs send -w {source}@s1", piecewise, "zsluice pipe --quiet",
                                        f"zfs receive -s -u {pool}/data")  # fmt: skip
        self.assertEqual(statuses[3], 1)
        self.assertIn("out of space", words[3])
        self.check_reader_closed(statuses[2], words[2])
        # With room, the same receive goes on where it stood.
        token = self.token(f"{pool}/data")
        self.assertNotEqual(token, case.NO_TOKEN)
        self.tell(f"rm $BASE/mnt/{pool}/filler; wait_for has_room {pool} 30")
        self.pass_through(f"-t {token}", f"{pool}/data")
        self.check_received(datasets.BIG, source, f"{pool}/data")

    def test_killed_receiver_is_a_closed_reader_and_resumes(self):
        source, target = self.make(datasets.BIG, ("s1",)), f"{self.dst}/killed"
        self.addCleanup(self.destroy, target)
        statuses, words = self.transfer_and(source, target, "kill_member receive")
        self.assertEqual(statuses[2], KILLED)
        self.check_reader_closed(statuses[1], words)
        self.pass_through(f"-t {self.token(target)}", target)
        self.check_received(datasets.BIG, source, target)

    def test_receiver_that_refuses_is_a_closed_reader(self):
        """It is there already: zfs receive says so, and we say to look there."""
        source, target = self.make(datasets.BIG, ("s1",)), f"{self.dst}/there"
        self.addCleanup(self.destroy, target)
        self.tell(f"zfs create {target}")
        statuses, words = self.run_pipe(f"zfs send -w {source}@s1", "zsluice pipe",
                                        f"zfs receive -s -u {target}")  # fmt: skip
        self.assertEqual(statuses[2], 1)
        self.assertIn("exists", words[2])
        self.check_reader_closed(statuses[1], words[1])

    def test_target_without_the_command_is_a_closed_reader(self):
        source = self.make(datasets.BIG, ("s1",))
        statuses, words = self.run_pipe(f"zfs send -w {source}@s1", "zsluice pipe",
                                        "bash -c 'PATH=/nowhere; zsluice receive'")  # fmt: skip
        self.assertEqual(statuses[2], 127)
        self.check_reader_closed(statuses[1], words[1])


if __name__ == "__main__":
    case.main()
