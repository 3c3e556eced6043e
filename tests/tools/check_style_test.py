# SPDX-License-Identifier: BSD-2-Clause
import unittest

from tree_case import TreeCase

import check_style
import cpp_source

SPDX = check_style.SPDX_LINE


def cpp(text):
    return f"// {SPDX}\n{text}"


def lengths(text):
    return list(check_style.cpp_functions(text))


class Files(TreeCase):
    def test_accepts_a_tidy_tree(self):
        self.write("CMakeLists.txt", f"# {SPDX}\n")
        self.write("README.md", "Words.\n")
        self.write("src/base/a.cpp", cpp("int f() { return 1'000; }\n"))
        self.write("tools/run", f"#!/bin/sh\n# {SPDX}\n")
        self.write("tools/man/zsluice.1", ".TH ZSLUICE 1\n" * 700)
        self.assert_found(check_style)

    def test_refuses_long_files(self):
        line_of_code = "int a;\n"
        self.write("src/a.cpp", cpp(line_of_code * (check_style.FILE_LINES_MAX - 1)))
        self.assert_found(check_style)
        self.write("src/a.cpp", cpp(line_of_code * check_style.FILE_LINES_MAX))
        self.assert_found(check_style, "src/a.cpp:601: file of 601 lines (at most 600)")

    def test_refuses_long_functions_in_both_languages(self):
        most = check_style.FUNCTION_LINES_MAX
        self.write("src/a.cpp", cpp("void f() {\n" + "  g();\n" * (most - 2) + "}\n"))
        self.write("tools/a.py", f"# {SPDX}\ndef f():\n" + "    g()\n" * (most - 1))
        self.assert_found(check_style)
        self.write("src/a.cpp", cpp("void f() {\n" + "  g();\n" * (most - 1) + "}\n"))
        self.write("tools/a.py", f"# {SPDX}\ndef f():\n" + "    g()\n" * most)
        self.assert_found(check_style, "src/a.cpp:2: function of 71 lines (at most 70)",
                          "tools/a.py:2: function of 71 lines")  # fmt: skip

    def test_refuses_code_without_licence_line(self):
        for path in ("src/a.hpp", "src/a.cpp", "tools/a.py", "tools/a.cmake", "tests/CMakeLists.txt"):
            self.write(path, "\n")
        self.write("tools/run", "#!/bin/sh\n")
        self.write("tests/cli/a.stderr", "expected words\n")
        self.write("src/README.md", "words\n")
        self.write("tools/CMakeLists.txt", "")
        self.write("bench/late.cpp", f"\n\n\n// {SPDX}\n")
        no_line = f":1: no line `{SPDX}`"
        self.assert_found(check_style, *(f"{path}{no_line}" for path in (
            "src/a.cpp", "src/a.hpp", "tests/CMakeLists.txt", "bench/late.cpp", "tools/a.cmake",
            "tools/a.py", "tools/run")))  # fmt: skip

    def test_refuses_paths_of_machines_in_any_text(self):
        for folder in ("home", "root", "work", "farm"):
            self.write("README.md", f"first\nsee /{folder}/x\n")
            self.assert_found(check_style, "README.md:2: path of a machine")
        self.write("README.md", "tank/home/x, pool/work/y, /usr/share, /homes, https://a.org/work/z\n")
        self.assert_found(check_style)

    def test_refuses_unfinished_work(self):
        self.write("src/a.cpp", cpp("// TO" "DO: later\n"))
        self.write("tools/a.txt", "FIX" "ME\n")
        self.assert_found(check_style, "src/a.cpp:2: unfinished work", "tools/a.txt:1: unfinished work")

    def test_refuses_tabs_in_cpp(self):
        self.write("src/a.hpp", cpp("\tint a;\n"))
        self.write("tools/expected.txt", "a\tb\n")
        self.assert_found(check_style, "src/a.hpp:2: tab")

    def test_leaves_corpora_binaries_and_other_folders_alone(self):
        home = "/" + "home/x\n"
        self.write("tests/corpus/a.py", home)
        self.write("fuzz/corpus/drr/a.cpp", home)
        self.write("build/dev/a.cpp", home)
        self.write("tools/__pycache__/a.py", home)
        self.write("tests/a.bin", b"\0" + home.encode())
        self.write("tests/b.bin", b"\xff" + home.encode())
        self.assert_found(check_style)


class Functions(unittest.TestCase):
    def test_counts_from_brace_to_brace(self):
        self.assertEqual(lengths("int f(int a,\n      int b) {\n  return a;\n}\n"), [(2, 3)])
        self.assertEqual(lengths("int f() { return 1; }\nint g() {\n}\n"), [(1, 1), (2, 2)])

    def test_sees_functions_in_scopes_and_behind_qualifiers(self):
        for head in ("void f() const noexcept", "auto f() -> std::vector<int>", "bool f() override",
                     "void f() noexcept(true)", "template <class T> T f(T a) requires B<T>",
                     "TEST(A, B)", "A::A(int b) : b_(b), c_{1}, d_(f(2))", "A() try",
                     "public: A() : a_{}, b_{}", "T& operator()(int a) &&"):  # fmt: skip
            with self.subTest(head=head):
                self.assertEqual(lengths(f"{head} {{\n if (x) {{\n }}\n}}\n"), [(1, 4)])
        self.assertEqual(lengths("namespace a {\nclass B : C {\n void f() {\n }\n};\n}\n"), [(3, 2)])

    def test_counts_lambdas_and_blocks_as_part_of_their_function(self):
        text = "void f() {\n auto g = [](int a) {\n  for (;;) {\n  }\n };\n}\n"
        self.assertEqual(lengths(text), [(1, 6)])

    def test_does_not_take_other_blocks_for_functions(self):
        for text in ("struct A { int b{1}; };", "enum class A : int { b };", "int a[] = {f(1), 2};",
                     'extern "C" { int f(); }', "struct alignas(8) A : B { int c; };"):  # fmt: skip
            with self.subTest(text=text):
                self.assertEqual(lengths(text), [])

    def test_is_not_misled_by_braces_that_are_no_code(self):
        text = 'void f() {\n  g("}", \'}\', R"(}})");  // }\n  /* } */\n#define X }\n  h(1\'0);\n}\n'
        self.assertEqual(lengths(text), [(1, 6)])


class Blanking(unittest.TestCase):
    def test_keeps_lines_and_offsets(self):
        text = 'a /* b\n c */ "d\\"e" // f\nR"x(g\n)" )x" 1\'000\'0 \'h\' i\n'
        code = cpp_source.blanked(text)
        self.assertEqual(len(code), len(text))
        self.assertEqual(code.count("\n"), text.count("\n"))
        self.assertEqual(code.split(), ["a", "1'000'0", "i"])


if __name__ == "__main__":
    unittest.main()
