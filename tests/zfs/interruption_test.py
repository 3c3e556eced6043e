# SPDX-License-Identifier: BSD-2-Clause
"""Transfers that stand still, and transfers that are ended from outside."""
import case
import datasets

# A stall lasts so many seconds, and until the pool has written so many transaction groups meanwhile:
# nothing is in flight any more on either side.
STALL_SECONDS = 40
STALL_GROUPS = 4
TERMINATED = 143


class Interruption(case.ZfsTest):
    def check_stall(self, before, after):
        pool = self.dst.partition("/")[0]
        source, target = self.make(datasets.BIG, ("s1",)), f"{self.dst}/stalled"
        self.addCleanup(self.destroy, target)
        statuses, words = self.transfer_and(source, target, f"""
        {before}
        begun=$SECONDS
        wait_for groups_written $(group_of {pool}) {STALL_GROUPS} {pool}
        wait_for passed $begun {STALL_SECONDS}
        has_token {target}
        {after}
        """)
        self.assertEqual((statuses, words), ([0, 0, 0], ""))
        self.check_received(datasets.BIG, source, target)

    def test_sender_that_stands_still_for_long(self):
        self.check_stall("", "")

    def test_line_that_stands_still_for_long(self):
        self.check_stall("kill -STOP $(cat line.pid); touch go", "kill -CONT $(cat line.pid)")

    def test_pipe_that_is_stopped_for_long(self):
        self.check_stall("kill -STOP $(cat pipe.pid); touch go", "kill -CONT $(cat pipe.pid)")

    def test_terminated_pipe_leaves_a_token_that_completes(self):
        source, target = self.make(datasets.BIG, ("s1",)), f"{self.dst}/terminated"
        self.addCleanup(self.destroy, target)
        statuses, words = self.transfer_and(source, target, "kill -TERM $(cat pipe.pid)")
        self.assertEqual(statuses[1], TERMINATED, words)
        self.assertIn("ended by SIGTERM", words)
        self.assertIn("END was not", words)
        self.assertEqual(statuses[2], 1)
        self.resume(source, target)

    def test_sender_that_is_killed_leaves_a_token_that_completes(self):
        source, target = self.make(datasets.BIG, ("s1",)), f"{self.dst}/killed"
        self.addCleanup(self.destroy, target)
        statuses, words = self.transfer_and(source, target, "kill_member send")
        self.assertEqual(statuses[1], 4, words)
        self.assertRegex(words, "truncated at offset [0-9]+")
        self.assertIn("resume", words)
        self.assertEqual(statuses[2], 1)
        self.resume(source, target)

    def resume(self, source, target):
        token = self.token(target)
        self.assertNotEqual(token, case.NO_TOKEN)
        self.pass_through(f"-t {token}", target)
        self.check_received(datasets.BIG, source, target)


if __name__ == "__main__":
    case.main()
