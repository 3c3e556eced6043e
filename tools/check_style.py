#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rules of style that no formatter or linter checks: lengths, licence lines, and words that must
not be in the tree. Prints `file:line: what` for each violation and exits 1.

Usage: check_style.py [ROOT]
"""
import ast
import pathlib
import re
import sys

import cpp_source

FOLDERS = ("src", "include", "tests", "bench", "fuzz", "tools", ".ci")
# Streams and inputs kept as they were found.
NOT_OURS = ("tests/corpus/", "fuzz/corpus/")

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
# The line may follow `#!` or `#compdef`, which must come first.
SPDX_LINE = "SPDX-License-Identifier: BSD-2-Clause"
SPDX_WITHIN_LINES = 3

# Places on somebody's machine. `tank/home/x` is a dataset: the slash must begin the path.
MACHINE_PATH = re.compile(r"(?<![\w.@$}-])/(?:home|root|work|farm)/")
# In brackets, so that this file does not hold the words.
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E])\b")

# A function's head: a parameter list, then qualifiers, perhaps a constructor's initialisers. A brace
# behind the name of a member initialises it, behind `)` or `}` the body begins.
FUNCTION_HEAD = re.compile(
    r"\)\s*(?:(?:const|noexcept(?:\s*\([^()]*\))?|override|final|mutable|try|&&?"
    r"|->[^;{}]*|requires\b[^;{}]*)\s*)*(?::(?!:).*[)}]\s*)?$",
    re.DOTALL,
)
SCOPE_HEAD = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b")


def cpp_functions(text):
    """(first line, lines) of each function body, braces included. Lambdas and blocks inside a
    function are part of it."""
    # Directives could hold braces that do not match.
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda d: re.sub(r"[^\n]", " ", d.group()),
                  cpp_source.blanked(text), flags=re.MULTILINE)  # fmt: skip
    open_blocks = []  # (is a function, head)
    head, start, inside = "", 0, 0
    for token in re.finditer(r"[^{};]+|[{};]", code):
        piece = token.group()
        if piece == "{":
            is_function = inside == 0 and FUNCTION_HEAD.search(head) is not None
            if is_function:
                start = token.start()
            inside += is_function or inside > 0
            open_blocks.append((is_function, head))
            head = ""
        elif piece == "}" and open_blocks:
            is_function, opened_by = open_blocks.pop()
            inside -= inside > 0
            if is_function:
                first = cpp_source.line_of(code, start)
                yield first, cpp_source.line_of(code, token.start()) - first + 1
            # `: a_{1}, b_{2}` is still the constructor's head.
            is_scope = is_function or not opened_by.strip() or SCOPE_HEAD.search(opened_by)
            head = "" if is_scope else opened_by + "{}"
        else:
            head = "" if piece in ";}" else head + piece


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def functions(path, text):
    if path.suffix in cpp_source.SUFFIXES:
        return cpp_functions(text)
    return python_functions(text) if path.suffix == ".py" else ()


def is_code(path, text):
    """Documents, man pages and expected outputs have no limit of length and no licence line."""
    by_name = path.suffix in (*cpp_source.SUFFIXES, ".py", ".cmake", ".sh")
    return by_name or path.name == "CMakeLists.txt" or text.startswith("#!")


def file_problems(path, text):
    lines = text.splitlines()
    if is_code(path, text):
        if len(lines) > FILE_LINES_MAX:
            yield FILE_LINES_MAX + 1, f"file of {len(lines)} lines (at most {FILE_LINES_MAX})"
        if text and not any(SPDX_LINE in line for line in lines[:SPDX_WITHIN_LINES]):
            yield 1, f"no line `{SPDX_LINE}`"
    for first, count in functions(path, text):
        if count > FUNCTION_LINES_MAX:
            yield first, f"function of {count} lines (at most {FUNCTION_LINES_MAX})"
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line):
            yield number, "path of a machine"
        if UNFINISHED.search(line):
            yield number, "unfinished work belongs in an issue"
        if "\t" in line and path.suffix in cpp_source.SUFFIXES:
            yield number, "tab"


def text_of(file):
    """None when the file is not text."""
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def files(root):
    yield from (file for file in sorted(root.iterdir()) if file.is_file())
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.is_file() and "__pycache__" not in path and not path.startswith(NOT_OURS):
                yield file


def problems(root):
    for file in files(root):
        text = text_of(file)
        if text is not None:
            for line, what in file_problems(file, text):
                yield file.relative_to(root).as_posix(), line, what


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).parent.parent)
    found = list(problems(root.resolve()))
    for path, line, what in found:
        print(f"{path}:{line}: {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
