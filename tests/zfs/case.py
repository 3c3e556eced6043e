# SPDX-License-Identifier: BSD-2-Clause
"""What the tests with real ZFS share: pipes of commands, and judging what a receiver has."""
import re
import unittest

import datasets
import place

NO_TOKEN = "-"
SECONDS_MAX = place.SECONDS_MAX


class ZfsTest(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.place = place.find(cls.__name__.lower())
        cls.place.enter()
        cls.addClassCleanup(cls.place.leave)
        cls.src, cls.dst, cls.back = cls.place.src, cls.place.dst, cls.place.back

    def setUp(self):
        self.fingerprints = {}  # of sources that do not change any more

    def tell(self, script, **options):
        return self.place.tell(script, **options)

    def make(self, kind, generations=datasets.SNAPSHOTS):
        """The dataset on the source; it goes when the test ends."""
        dataset = kind.dataset(self.src)
        self.tell(datasets.create(kind, dataset, generations))
        self.addCleanup(self.destroy, dataset)
        return dataset

    def destroy(self, *names):
        for name in names:
            # An interrupted receive leaves a dataset that only `receive -A` or `destroy` removes.
            self.place.ask(f"zfs receive -A {name} 2>/dev/null; zfs destroy -R {name}")

    def run_pipe(self, *commands, data=None, seconds=SECONDS_MAX):
        """Statuses of the members, and what each said."""
        members = [f"{command} 2>words{number}" for number, command in enumerate(commands)]
        script = (" | ".join(members) + '\necho "statuses ${PIPESTATUS[*]}"\n'
                  + "".join(f"printf '\\n\\035'; cat words{n}\n" for n in range(len(commands))))  # fmt: skip
        answer = self.place.ask(script, data=data, seconds=seconds)
        head, *words = answer.out.split("\n\x1d")
        found = re.search(r"statuses ([0-9 ]+)", head)
        self.assertIsNotNone(found, str(answer))
        return [int(status) for status in found.group(1).split()], words

    def transfer_and(self, source, target, meanwhile):
        """A transfer that comes to a halt in the middle until the file `go` is there; `meanwhile` is
        shell that runs when the receiver has a token. The members can be signalled by their numbers
        in send.pid, pipe.pid, line.pid (what carries the bytes away) and receive.pid. zfs itself is
        not to be stopped: continued, a `zfs receive` has failed here (its read was interrupted, it
        seems).
        Statuses of zfs send, zsluice and zfs receive, and what zsluice said."""
        answer = self.tell(f"""
        rm -f go *.pid
        trap 'touch go; kill -CONT $(cat *.pid) 2>/dev/null || true' EXIT
        (set +e; as send zfs send -w {source}@s1 | gate 8000000 | as pipe zsluice pipe --quiet 2>words |
          as line cat | as receive zfs receive -s -u {target} 2>receive.words
          echo "statuses ${{PIPESTATUS[*]}}") &
        wait_for has_token {target}
        {meanwhile}
        touch go
        wait
        """)
        found = re.search(r"statuses (\d+) \d+ (\d+) \d+ (\d+)", answer)
        self.assertIsNotNone(found, answer)
        return [int(status) for status in found.groups()], self.tell("cat words")

    def pass_through(self, send, receive, options=""):
        """`zfs send … | zsluice pipe | zfs receive …`: all three succeed, and only we say a word."""
        statuses, words = self.run_pipe(f"zfs send {send}", f"zsluice pipe {options}",
                                        f"zfs receive -s -u {receive}")  # fmt: skip
        self.assertEqual((statuses, words[0], words[2]), ([0, 0, 0], "", ""))
        if "--quiet" not in options:
            self.assertRegex(words[1], r"^zsluice: pipe: stdin: whole: [0-9]+ records, [^\n]*\n$")

    def token(self, dataset):
        return self.tell(f"token_of {dataset}").strip()

    def exists(self, dataset):
        return self.place.ask(f"exists {dataset}").status == 0

    def fingerprint(self, dataset):
        found = self.tell(f'fingerprint "$(mountpoint_of {dataset})"')
        self.assertGreater(len(found.splitlines()), 1, f"{dataset} is empty, or not mounted")
        return found

    def snapshots(self, dataset):
        """(name behind the dataset's, guid) of it and all below."""
        lines = self.tell(f"zfs list -H -p -r -t snapshot -s name -o name,guid {dataset}").splitlines()
        return [tuple(line[len(dataset):].split("\t")) for line in lines]

    def check_received(self, kind, source, target):
        """A received dataset, before its key is loaded and after."""
        before = self.tell(f"zfs get -H -o value receive_resume_token,encryptionroot,keystatus {target}")
        self.assertEqual(before.split(), [NO_TOKEN, target, "unavailable"])
        self.assertEqual(self.snapshots(target), self.snapshots(source))
        self.tell(f"open_target {target} {kind.key_file}")
        self.assertEqual(self.tell(f"zfs get -H -o value keystatus {target}").strip(), "available")
        self.check_contents(kind, source, target)

    def check_contents(self, kind, source, target):
        if kind.is_volume:
            sums = self.tell(f'sha256sum <"$(device_of {source})"; sha256sum <"$(device_of {target})"')
            first, second = sums.splitlines()
            self.assertEqual(first, second)
        else:
            if source not in self.fingerprints:
                self.fingerprints[source] = self.fingerprint(source)
            self.assertEqual(self.fingerprint(target), self.fingerprints[source])


def main():
    unittest.main(verbosity=2)
