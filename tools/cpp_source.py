# SPDX-License-Identifier: BSD-2-Clause
"""What the structure checks need to know about C++ text. Not a parser: it tells code from comments
and strings, which is enough to find includes, names and braces."""
import re

SUFFIXES = (".hpp", ".cpp", ".h", ".c", ".cc")

# A comment, a raw string, a string, a character. A ' behind a hex digit separates digits (1'000).
_NOT_CODE = re.compile(
    r"//[^\n]*"
    r"|/\*.*?\*/"
    r'|R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


def blanked(text):
    """The code alone: comments and literals become blanks, so that offsets and lines still fit."""
    return _NOT_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def includes(text):
    """(line number, header, whether in quotes) of each include that is not in a comment."""
    code = blanked(text).split("\n")
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r"\s*#\s*include\s*([\"<])([^\">]+)[\">]", line)
        if found and code[number - 1].lstrip().startswith("#"):
            yield number, found.group(2), found.group(1) == '"'
