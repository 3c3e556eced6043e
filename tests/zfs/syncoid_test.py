# SPDX-License-Identifier: BSD-2-Clause
"""syncoid, as Debian packages it, finds our mbuffer and pv in PATH and does not notice."""
import unittest

import case
import datasets

SYNCOID = "syncoid --compress=none --no-privilege-elevation"
RAW = "--sendoptions=w"
# In a machine of its own a key to itself does no harm; on somebody's machine it would.
LOOPBACK_KEY = """
[ -e $WORK/loopback ] || ssh-keygen -q -t ed25519 -N '' -f $WORK/loopback
grep -q -f $WORK/loopback.pub ~/.ssh/authorized_keys || cat $WORK/loopback.pub >>~/.ssh/authorized_keys
"""
SSH = "--sshkey=$WORK/loopback --sshoption=StrictHostKeyChecking=no --sshoption=UserKnownHostsFile=/dev/null"


class Syncoid(case.ZfsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.place.ask("command -v syncoid").status != 0 and not cls.place.has_power_switch:
            raise unittest.SkipTest("syncoid is not installed here (package sanoid)")
        # Each call leaves its command line in `called` and its number in NAME.pid, and goes on as ours.
        cls.place.tell("""
        mkdir -p watched; rm -f called
        for name in mbuffer pv; do
          printf '#!/bin/sh\\necho "%s $*" >>%s/called; echo $$ >%s/%s.pid\\nexec %s/personalities/%s "$@"\\n' \\
            "$name" "$WORK" "$WORK" "$name" "$BASE" "$name" >watched/$name
          chmod +x watched/$name
        done""")

    def syncoid(self, words, before=""):
        """Its answer, and how ours were called meanwhile."""
        answer = self.place.ask(f"rm -f called; {before} PATH=$WORK/watched:$PATH {SYNCOID} {words}")
        return answer, self.tell("cat called 2>/dev/null || true")

    def test_full_and_increment_over_ssh_to_itself(self):
        if not self.place.has_power_switch:
            self.skipTest("would add a key to this user's authorized_keys")
        source, target = self.make(datasets.FILES, ("s1", "s2")), f"{self.dst}/synced"
        self.addCleanup(self.destroy, target)
        self.tell(LOOPBACK_KEY)
        words = f"{RAW} {SSH} {source} root@127.0.0.1:{target}"
        self.check_synced(words, source, target)
        contents = datasets.contents_of(datasets.FILES, source)
        self.tell(f"python3 $BASE/fill.py files {contents} 3; zfs snapshot {source}@s3")
        self.check_synced(words, source, target)
        self.check_received(datasets.FILES, source, target)

    def check_synced(self, words, source, target):
        answer, called = self.syncoid(words)
        self.assertEqual(answer.status, 0, str(answer))
        self.assertIn("mbuffer ", called)
        self.assertEqual(self.snapshots(target), self.snapshots(source))

    def test_interrupted_run_is_resumed_by_the_next(self):
        source, target = self.make(datasets.BIG, ("s1",)), f"{self.dst}/synced"
        self.addCleanup(self.destroy, target)
        words = f"{RAW} --no-sync-snap {source} {target}"
        # Two minutes, of which the first seconds are used: there is a token when somebody looks for one.
        answer = self.tell(f"""
        (set +e; PATH=$WORK/watched:$PATH {SYNCOID} --source-bwlimit=200k {words} >said 2>&1
          echo "status $?") &
        wait_for has_token {target}
        kill -TERM $(cat mbuffer.pid)
        wait; cat said""")
        self.assertNotIn("status 0", answer)
        self.assertNotEqual(self.token(target), case.NO_TOKEN)
        answer, called = self.syncoid(words)
        self.assertEqual(answer.status, 0, str(answer))
        self.assertIn("Resuming interrupted zfs send/receive", answer.out + answer.err)
        self.assertNotEqual(called, "")
        self.check_received(datasets.BIG, source, target)

    def test_forgotten_w_is_refused_where_the_environment_asks_for_raw(self):
        source, target = self.make(datasets.FILES, ("s1",)), f"{self.dst}/synced"
        self.addCleanup(self.destroy, target)
        answer, called = self.syncoid(f"--no-sync-snap {source} {target}",
                                      "ZSLUICE_REQUIRE_RAW=1")  # fmt: skip
        self.assertNotEqual(answer.status, 0)
        # syncoid throws away what mbuffer says; our pv behind it tells that nothing came.
        self.assertIn("mbuffer ", called)
        self.assertIn("the input is empty", answer.out + answer.err)
        self.assertFalse(self.exists(target))


if __name__ == "__main__":
    case.main()
