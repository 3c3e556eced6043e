# SPDX-License-Identifier: BSD-2-Clause
"""A stream that would leave the house readable: nothing of it reaches the receiver."""
import case
import datasets


class Policy(case.ZfsTest):
    def check_refused(self, send, target, options="", words="is not raw"):
        self.addCleanup(self.destroy, target)
        statuses, said = self.run_pipe(f"zfs send {send}", f"zsluice pipe {options}", "tee passed.zsend",
                                       f"zfs receive -s -u {target}")  # fmt: skip
        self.assertEqual(statuses[1], 5, said)
        self.assertIn(words, said[1])
        self.assertEqual(self.tell("stat -c %s passed.zsend").strip(), "0")
        self.assertNotEqual(statuses[3], 0)
        self.assertFalse(self.exists(target))

    def test_forgotten_w_is_refused(self):
        source = self.make(datasets.FILES, ("s1", "s2"))
        target = f"{self.dst}/policy"
        self.check_refused(f"{source}@s1", target)
        self.check_refused(f"-L -e -c {source}@s1", target)
        self.check_refused(f"-I @s1 {source}@s2", target)

    def test_raw_send_of_what_is_not_encrypted_is_refused(self):
        source = self.make(datasets.PLAIN, ("s1",))
        self.check_refused(f"-w {source}@s1", f"{self.dst}/policy")
        self.check_refused(f"-w -R {source}@s1", f"{self.dst}/policy")

    def test_resuming_by_a_token_without_rawok_is_refused(self):
        """What a receiver asks for is not what this job sends: a token of a plain receive."""
        source = self.make(datasets.FILES, ("s1",))
        target = f"{self.dst}/plainly"
        self.addCleanup(self.destroy, target)
        self.place.ask(f"zfs send {source}@s1 | head -c 300000 | zfs receive -s -u {target}")
        token = self.token(target)
        self.assertNotEqual(token, case.NO_TOKEN)
        self.check_refused(f"-t {token}", f"{self.dst}/policy")

    def test_plaintext_passes_when_it_is_asked_for(self):
        source = self.make(datasets.PLAIN, ("s1",))
        target = f"{self.dst}/plain"
        self.addCleanup(self.destroy, target)
        self.pass_through(f"{source}@s1", target, "--allow-plaintext")
        self.assertEqual(self.fingerprint_mounted(target), self.fingerprint(source))

    def fingerprint_mounted(self, dataset):
        self.tell(f"zfs mount {dataset}")
        return self.fingerprint(dataset)

    def test_other_snapshot_than_expected_is_refused(self):
        source = self.make(datasets.FILES, ("s1", "s2"))
        first, second = (guid for _, guid in self.snapshots(source))
        target = f"{self.dst}/policy"
        self.check_refused(f"-w {source}@s1", target, f"--expect-toguid {second}", second)
        self.pass_through(f"-w {source}@s1", target, f"--expect-toguid {first} --expect-fromguid 0")
        self.pass_through(f"-w -i @s1 {source}@s2", target,
                          f"--expect-toguid {second} --expect-fromguid {first}")  # fmt: skip


if __name__ == "__main__":
    case.main()
