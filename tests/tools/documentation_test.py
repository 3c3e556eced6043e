# SPDX-License-Identifier: BSD-2-Clause
"""Do the man page, the completions and the READMEs say what the program does?

Usage: documentation_test.py PROGRAM [unittest options]
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
MAN_PAGE = ROOT / "tools/man/zsluice.1"
COMPLETIONS = ROOT / "tools/completions"
CORPUS = ROOT / "tests/corpus"
COMMANDS = ("pipe", "split", "join", "verify", "inspect", "token", "resume")
COMMON = "Options of every command"
DOCUMENTS = ("README.md", "src/README.md", "tests/README.md", "tests/zfs/README.md", "fuzz/README.md",
             "bench/README.md")  # fmt: skip

PROGRAM = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def outcome(*arguments, **how):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False, **how)


def without_summary(text):
    """What was said, without the lines of runs that went well."""
    lines = (r"^(zsluice: (pipe: stdin: whole: .* passed in |resume: .*: whole: |split: .*: whole: |join: .*: whole: |"
             r"token make: .* goes on at ).*|  The first .* were there already; .* came again\.|  Of what was there only .*)\n")  # fmt: skip
    return re.sub(lines, "", text, flags=re.MULTILINE)


def help_options(command):
    """Long name → (short name, name of the value) of every option in `zsluice COMMAND --help`."""
    line = r"^  (?:-(\w) \[ )?--([\w-]+)(?: \])?(?: ([A-Z]+|\w+(?:\|\w+)+))?(?= |$)"
    text = outcome(PROGRAM, command, "--help").stdout
    return {long: (short, value) for short, long, value in re.findall(line, text, re.MULTILINE)}


def man_section(heading):
    """The source of one .Sh or .Ss, up to the next heading of either kind."""
    section = rf"^\.S[hs] {re.escape(heading)}\n(.*?)(?=^\.S[hs] |\Z)"
    found = re.search(section, text_of(MAN_PAGE), re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


def man_options(heading):
    item = re.compile(r"^\.It (?:Fl (\w) , )?Fl -([\w-]+)(?: Ar (\S+))?$", re.MULTILINE)
    return {long: (short, value) for short, long, value in item.findall(man_section(heading))}


def names_only(options):
    """The same, with `takes a value` for the value: completions do not name it."""
    return {long: (short, value != "") for long, (short, value) in options.items()}


class Options(unittest.TestCase):
    def test_help_lists_options_at_all(self):
        for command in COMMANDS:
            self.assertIn("json", help_options(command))
        self.assertEqual(help_options("verify")["jobs"], ("j", "N"))

    def test_man_page_lists_what_help_does(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                documented = man_options(COMMON) | man_options(command)
                self.assertEqual(documented, help_options(command))

    def test_man_page_has_every_command_and_no_other(self):
        listed = re.findall(r"^  (\w+) +\S", outcome(PROGRAM, "--help").stdout, re.MULTILINE)
        described = re.findall(r"^\.Ss (\w+)$", text_of(MAN_PAGE), re.MULTILINE)
        self.assertEqual(sorted(listed), sorted(COMMANDS))
        self.assertEqual(sorted(described), sorted(COMMANDS))


class Completions(unittest.TestCase):
    def bash(self, *words):
        """What bash offers for the last of `words`."""
        script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _zsluice; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')  # fmt: skip
        done = outcome("bash", "-c", script, "bash", COMPLETIONS / "zsluice.bash", *words)
        self.assertEqual(without_summary(done.stderr), "")
        return sorted(done.stdout.split())

    def test_bash_offers_what_help_lists(self):
        self.assertEqual(self.bash("zsluice", ""), sorted(COMMANDS))
        self.assertEqual(self.bash("zsluice", "v"), ["verify"])
        for command in COMMANDS:
            options = help_options(command)
            wanted = ["--" + long for long in options]
            wanted += ["-" + short for short, _ in options.values() if short]
            with self.subTest(command=command):
                self.assertEqual(self.bash("zsluice", command, "-"), sorted(wanted))

    def test_bash_offers_the_words_an_option_takes(self):
        for long, (_, value) in help_options("pipe").items():
            if "|" in value:
                with self.subTest(option=long):
                    words = sorted(value.split("|"))
                    self.assertEqual(self.bash("zsluice", "pipe", f"--{long}", ""), words)
                    self.assertEqual(self.bash("zsluice", "pipe", f"--{long}", "="), words)

    def test_zsh_offers_what_help_lists(self):
        text = text_of("tools/completions/_zsluice")
        entry = r"^ +(?:'\(-(\w) --[\w-]+\)'\{-\w,)?['\"]?--([\w-]+)(=?)\}?'?\["

        def options(name):
            array = rf"^  {name}_options=\(\n(.*?)^  \)"
            entries = re.search(array, text, re.MULTILINE | re.DOTALL).group(1)
            found = re.findall(entry, entries, re.MULTILINE)
            return {long: (short, value == "=") for short, long, value in found}

        for command in COMMANDS:
            with self.subTest(command=command):
                offered = options("common") | options(command)
                self.assertEqual(offered, names_only(help_options(command)))

    def test_fish_offers_what_help_lists(self):
        line = r"^complete -c zsluice (?:-n \$(\w+) )?(?:-s (\w) )?-l ([\w-]+)( -x| -r -F)?"
        entries = re.findall(line, text_of("tools/completions/zsluice.fish"), re.MULTILINE)
        for command in COMMANDS:
            offered = {long: (short, value != "") for whose, short, long, value in entries
                       if whose in ("", command)}  # fmt: skip
            with self.subTest(command=command):
                self.assertEqual(offered, names_only(help_options(command)))

    def test_shells_can_read_them(self):
        files = {"bash": "zsluice.bash", "zsh": "_zsluice", "fish": "zsluice.fish"}
        for shell, file in files.items():
            with self.subTest(shell=shell):
                if shutil.which(shell) is None:
                    print(f"{file} was not read: {shell} is not installed")
                    continue
                done = outcome(shell, "-n", COMPLETIONS / file)
                self.assertEqual((done.returncode, done.stderr), (0, ""))


class ExitStatus(unittest.TestCase):
    def test_tables_equal_the_header(self):
        header = re.findall(r"kExit\w+ = (\d+)", text_of("src/cli/exit_status.hpp"))
        wanted = [code if code != "128" else "128+n" for code in header]
        man = re.findall(r"^\.It (\S+)$", man_section("EXIT STATUS"), re.MULTILINE)
        readme = re.findall(r"^\| (\d+(?:\+n)?) \|", text_of("README.md"), re.MULTILINE)
        self.assertIn("128+n", wanted)
        self.assertEqual(man, wanted)
        self.assertEqual(readme, wanted)


class ManPage(unittest.TestCase):
    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_has_nothing_to_say(self):
        done = outcome("mandoc", "-T", "lint", "-W", "warning", MAN_PAGE)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_every_environment_variable_is_read_somewhere(self):
        named = set(re.findall(r"^\.It Ev (\w+)$", man_section("ENVIRONMENT"), re.MULTILINE))
        sources = "".join(map(text_of, (ROOT / "src").rglob("*.cpp")))
        self.assertEqual(named, set(re.findall(r'getenv\("(\w+)"\)', sources)))


# Stand-ins for what the examples talk to: the stream that `zfs send` would give, a receiver that
# reads to the end, and a far side that is this one.
STAND_INS = {
    "zfs": """
case "$*" in
  'send -nP '*) printf 'full\\tpool/data@now\\t887876\\nsize\\t887876\\n'; exit ;;
  'send -w -i '*) exec cat "$CORPUS/g256_raw_incr.zsend" ;;
  'send -w -R '*) exec cat "$CORPUS/hier_raw_R.zsend" ;;
  "send -t $(cat "$CORPUS/tokens/g256_raw_full.cut869740.token")")
    exec cat "$CORPUS/tokens/g256_raw_full.cut869740.resumed.zsend" ;;
  'send -t '*) exec cat "$CORPUS/tokens/g256_raw_incr.cut180769.resumed.zsend" ;;
  'send -w '*) exec cat "$CORPUS/g256_raw_full.zsend" ;;
  'send '*) exec cat "$CORPUS/pl_full.zsend" ;;
  'receive '*) exec zsluice verify -q - ;;
  *' receive_resume_token vault/tree') exec printf '%s\\n' - "$(cat tree.token)" - ;;
  *' receive_resume_token vault/copy') exec cat "$CORPUS/tokens/g256_raw_full.cut869740.token" ;;
  *' receive_resume_token '*) exec cat "$CORPUS/tokens/g256_raw_incr.cut180769.token" ;;
  'get -H -o value guid '*@yesterday) column=fromguid ;;
  'get -H -o value guid '*@now) column=toguid ;;
esac
awk -F '\\t' -v column="$column" '
  NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) wanted = i }
  $1 == "g256_raw_incr" { print $wanted }' "$CORPUS/EXPECTED.tsv"
""",
    "ssh": '[ "$1" != -o ] || shift 2; [ "$1" = backup ] || exit 255; shift; exec sh -c "$*"\n',
    "rclone": """
case "$1 $2" in
  'rcat remote:bucket/'*) far=${2#remote:}; mkdir -p "${far%/*}"; exec cat >"$far" ;;
  'cat remote:bucket/'*) exec cat "${2#remote:}" ;;
  copyto*) cp "$2" uploaded ;;
  cat*) cat uploaded ;;
  *) exit 1 ;;
esac
""",
}


class Examples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "bin").mkdir()
        (self.folder / "bin/zsluice").symlink_to(PROGRAM)
        for name, script in STAND_INS.items():
            (self.folder / "bin" / name).write_text("#!/bin/sh\n" + script, encoding="utf-8")
            (self.folder / "bin" / name).chmod(0o755)

    def run_script(self, script):
        stream = (CORPUS / "g256_raw_full.zsend").read_bytes()
        (self.folder / "data.zsend").write_bytes(stream)
        (self.folder / "cut.zsend").write_bytes(stream[:869740])
        tree = (CORPUS / "hier_raw_R.zsend").read_bytes()
        (self.folder / "tree.zsend").write_bytes(tree)
        token = subprocess.run([PROGRAM, "token", "make", "-q", "-"], input=tree[:50000],
                               capture_output=True, check=True).stdout  # fmt: skip
        (self.folder / "tree.token").write_bytes(token)
        (self.folder / "usb").mkdir(exist_ok=True)
        for store in ("usb/data-now", "usb/data-keyed", "usb/cut", "data-now", "bucket"):
            shutil.rmtree(self.folder / store, ignore_errors=True)
        with open(self.folder / "cut.zsend", "rb") as cut:
            outcome(PROGRAM, "split", self.folder / "usb/cut", stdin=cut)
        environment = os.environ | {"CORPUS": str(CORPUS)}
        environment["PATH"] = f"{self.folder}/bin:{os.environ['PATH']}"
        return outcome("bash", "-c", script, cwd=self.folder, env=environment)

    def test_of_the_man_page_work_word_for_word(self):
        blocks = re.findall(r"^\.Bd -literal -offset indent\n(.*?)^\.Ed$", man_section("EXAMPLES"),
                            re.MULTILINE | re.DOTALL)  # fmt: skip
        self.assertGreaterEqual(len(blocks), 6)
        for block in blocks:
            script = block.replace("\\e", "\\")
            with self.subTest(script=script):
                done = self.run_script(script)
                self.assertEqual(done.returncode, 0, done.stderr)
                if "not stored" in script:
                    self.assertIn("not stored: exit status 5", done.stdout)
                    stored = (self.folder / "data.zsend").read_bytes()
                    self.assertEqual(stored, (CORPUS / "g256_raw_full.zsend").read_bytes())
                    self.assertEqual((self.folder / "data.zsend.part").stat().st_size, 0)
                else:
                    self.assertEqual(without_summary(done.stderr), "")

    def test_message_is_explained_as_it_is(self):
        block = r"^\.Bd -literal\n(.*?)^\.Ed$"
        shown = re.search(block, man_section("DIAGNOSTICS"), re.MULTILINE | re.DOTALL).group(1)
        stream = bytearray((CORPUS / "g256_raw_full.zsend").read_bytes())
        stream[500000] ^= 1
        (self.folder / "damaged").write_bytes(stream)
        done = self.run_script("zsluice pipe <damaged | cat >/dev/null")
        self.assertEqual(done.stderr, shown)

    def test_of_the_readme_work_word_for_word(self):
        blocks = re.findall(r"^```sh\n(.*?)^```$", text_of("README.md"), re.MULTILINE | re.DOTALL)
        self.assertGreaterEqual(len(blocks), 2)
        for script in blocks:
            with self.subTest(script=script):
                done = self.run_script(script)
                self.assertEqual((done.returncode, without_summary(done.stderr)), (0, ""))


class Readmes(unittest.TestCase):
    def test_readme_names_two_commands_that_exist(self):
        commands = set(re.findall(r"^    (tools/\w+)", text_of("README.md"), re.MULTILINE))
        self.assertEqual(commands, {"tools/demo", "tools/test"})
        for command in commands:
            self.assertTrue(os.access(ROOT / command, os.X_OK), command)

    def test_what_links_and_paths_name_exists(self):
        for document in DOCUMENTS:
            text = text_of(document)
            folder = (ROOT / document).parent
            for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
                self.assertTrue((folder / link).exists(), f"{document}: {link}")
            for path in re.findall(r"`([\w./-]+/[\w.-]+\.(?:[ch]pp|py|md|cmake|sh|tsv))`", text):
                places = (folder, ROOT, ROOT / "src", ROOT / "include", ROOT / "include/zsluice")
                found = any((place / path).exists() for place in places)
                self.assertTrue(found, f"{document}: {path}")

    def test_packages_are_those_that_are_installed(self):
        packages = text_of("tools/lib/packages")
        installed = set(re.findall(r"^(?:build|test|bench|zfs-vm) (\S+)$", packages, re.MULTILINE))
        chapter = r"^## Dependencies\n(.*?)^## "
        table = re.search(chapter, text_of("README.md"), re.MULTILINE | re.DOTALL).group(1)
        named = set(re.findall(r"(?<=[| ])`([\w.+-]+)`", table))
        self.assertEqual(named, installed)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
