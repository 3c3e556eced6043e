# SPDX-License-Identifier: BSD-2-Clause
"""A stream that breaks on its way: with `zsluice pipe` in front of the receiver nothing unproven reaches
it, and what it keeps can be resumed to the right data. Beside it what the same receiver does alone:
the table in README.md.

ZSLUICE_UPDATE_GOLDEN=1 writes what is found into README.md.
"""
import os
import pathlib
import re
from dataclasses import dataclass

import case
import damages
import datasets
import prepare

README = pathlib.Path(__file__).parents[2] / "README.md"
# The table is that of Debian 12's own OpenZFS; others word and keep some things differently.
TABLE_VERSION = "2.1.11"
# Of each source, the dataset and the flags of its `zfs send`.
SPILL = next(kind for kind in datasets.KINDS if kind.name == "spill")
SOURCES = {"files": (datasets.FILES, "-w"), "spill": (SPILL, "-w"), "package": (datasets.FILES, "-w -R")}
TABLE_BEGIN, TABLE_END = "<!-- damages: begin -->\n", "<!-- damages: end -->\n"
HEADER = ("| what happens to the stream | `zfs receive -s` alone | with `zsluice pipe` in front |\n"
          "|---|---|---|\n")  # fmt: skip


@dataclass(frozen=True)
class Received:
    """What became of a stream at the receiver, after everything its owner would do."""

    statuses: list
    kept: str  # "a token", "everything", "nothing"
    contents: str  # what differs, "" when nothing does

    @property
    def was_noticed(self):
        return self.statuses[-1] != 0


class Damaged(case.ZfsTest):
    outcomes = {}  # of a damage's name, the cells of the table

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.streams, cls.wanted = {}, {}
        for kind in (datasets.FILES, SPILL):
            cls.place.tell(datasets.create(kind, kind.dataset(cls.src), ("s1",)))
        for name, (kind, flags) in SOURCES.items():
            source = kind.dataset(cls.src)
            cls.place.tell(f"zfs send {flags} {source}@s1 >whole.zsend")
            cls.streams[name] = damages.Stream(cls.place.get(f"{cls.place.work}/whole.zsend"))
            cls.wanted[kind] = cls.place.tell(f'fingerprint "$(mountpoint_of {source})"')
            assert len(cls.wanted[kind].splitlines()) > 1, f"{source} is empty, or not mounted"

    # One round trip for all of it: there are many damages.
    RECEIVE = """
    cat broken.zsend | {before} zfs receive -s -u {target} 2>words.receive
    echo "statuses ${{PIPESTATUS[*]}}"
    token=$(token_of {target})
    if [ "$token" != - ]; then
      echo "kept a token"
      zfs send -t "$token" | {verified} zfs receive -s -u {target} || exit 1
    elif exists {target}; then
      echo "kept everything"
    else
      echo "kept nothing"
      zfs send {flags} {source}@s1 | {verified} zfs receive -s -u {target} || exit 1
    fi
    open_target {target} {key} || echo "cannot be mounted"
    echo "contents"
    fingerprint "$(mountpoint_of {target})"
    """

    def receive(self, name, target, before="", verified=""):
        """broken.zsend through the commands `before` into the target; then, as its owner would, the
        rest by its token, or all again where it kept nothing; then a look at the files."""
        kind, flags = SOURCES[name]
        self.addCleanup(self.destroy, target)
        answer = self.place.ask(self.RECEIVE.format(
            before=before, verified=verified, target=target, flags=flags,
            source=kind.dataset(self.src), key=kind.key_file))  # fmt: skip
        facts, _, contents = answer.out.partition("\ncontents\n")
        found = re.match(r"statuses ([0-9 ]+)\nkept (.*)", facts)
        self.assertTrue(answer.status == 0 and found, str(answer))
        statuses = [int(status) for status in found.group(1).split()]
        difference = "cannot be mounted" if "cannot be mounted" in facts else self.difference(kind, contents)
        return Received(statuses, found.group(2), difference)

    def difference(self, kind, contents):
        if contents == self.wanted[kind]:
            return ""
        return "cannot be read" if "unreadable" in contents else "is wrong"

    def check(self, number, damage, is_surplus):
        target = f"{self.dst}/damage{number}"
        whole = self.streams[damage.source]
        broken = damage.make(whole)
        self.assertNotEqual(broken, whole.data)
        self.place.put(broken, "broken.zsend")
        alone = self.receive(damage.source, f"{target}_alone")
        ours = self.receive(damage.source, f"{target}_with",
                            "zsluice pipe 2>words.pipe | tee passed.zsend |",
                            "zsluice pipe --quiet |")  # fmt: skip
        words = self.tell("cat words.pipe")
        Damaged.outcomes[damage.name] = outcome(alone, ours)

        self.assertEqual(ours.statuses[1], damage.status, words)
        self.assertNotEqual(words, "")
        passed = self.place.get(f"{self.place.work}/passed.zsend")
        self.assertEqual(passed, whole.data[:len(passed)], "unproven bytes were passed")
        self.assertEqual(len(passed) == len(whole.data), is_surplus)
        self.assertEqual(ours.was_noticed, not is_surplus, ours)
        self.assertEqual(ours.kept == "a token", damage.leaves_token and not is_surplus, ours)
        self.assertEqual(ours.contents, "")

    def test_zz_table_in_readme_is_what_was_found(self):
        """Last, by its name: after every damage was tried."""
        version = self.place.version()
        is_another = not self.place.has_power_switch or prepare.recipe() != "stable"
        if is_another and not version.startswith(TABLE_VERSION):
            self.skipTest(f"README's table is that of OpenZFS {TABLE_VERSION}, here is {version}")
        self.assertTrue(version.startswith(TABLE_VERSION), f"Debian has OpenZFS {version} now: "
                        "README's table and the recipe need a look")  # fmt: skip
        names = [damage.name for damage in (*damages.DAMAGES, *damages.SURPLUS)]
        self.assertEqual(names, list(self.outcomes), "a damage was not tried")
        table = TABLE_BEGIN + HEADER + rows(self.outcomes) + TABLE_END
        text = README.read_text(encoding="utf-8")
        before, _, rest = text.partition(TABLE_BEGIN)
        after = rest.partition(TABLE_END)[2]
        if os.environ.get("ZSLUICE_UPDATE_GOLDEN"):
            README.write_text(before + table + after, encoding="utf-8")
        else:
            self.assertEqual(text, before + table + after)


def told(received):
    """In the words of the table."""
    noticed = f"fails, keeps {received.kept}" if received.was_noticed else "not noticed"
    when = "after resuming " if received.kept == "a token" else ""
    if received.contents:
        return f"{noticed}; **{when}the data {received.contents}**"
    return noticed if received.kept == "nothing" else f"{noticed}; {when}the data is right"


def outcome(alone, ours):
    words = {3: "damaged", 4: "truncated", 5: "refused"}[ours.statuses[1]]
    return f"{told(alone)} | exit {ours.statuses[1]} ({words}); receiver: {told(ours)}"


def rows(outcomes):
    """One for all damages that end alike."""
    names = {}
    for name, cells in outcomes.items():
        names.setdefault(cells, []).append(name)
    return "".join(f"| {'<br>'.join(alike)} | {cells} |\n" for cells, alike in names.items())


def add_damages():
    for number, damage in enumerate((*damages.DAMAGES, *damages.SURPLUS)):
        is_surplus = damage in damages.SURPLUS
        setattr(Damaged, f"test_{number:02}_{damage.name}",
                lambda self, number=number, damage=damage, is_surplus=is_surplus:
                self.check(number, damage, is_surplus))  # fmt: skip


add_damages()

if __name__ == "__main__":
    case.main()
