# SPDX-License-Identifier: BSD-2-Clause
"""The pure parts of tools/bench: what is made of samples. Nothing is measured here."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools/lib"))

from bench import cases, figures, goals, pipe_workload, processes  # noqa: E402


def samples(wall, cpu=(1.0,), cpu_of_all=(2.0,)):
    return pipe_workload.Samples(list(wall), list(cpu), list(cpu_of_all), [6 << 20])


class Numbers(unittest.TestCase):
    def test_sizes_are_read_as_zsluice_reads_them(self):
        for text, wanted in (("7", 7), ("4k", 4096), ("128K", 131072), ("1M", 1 << 20),
                             ("4G", 4 << 30)):  # fmt: skip
            self.assertEqual(figures.parse_size(text), wanted)
        for text in ("", "0", "K", "1.5M", "4T", "-1", "4 G"):
            with self.assertRaises(ValueError):
                figures.parse_size(text)

    def test_numbers_keep_three_digits_that_matter(self):
        for value, wanted in ((0, "0"), (0.0123, "0.0123"), (0.123, "0.123"), (1.234, "1.23"),
                              (12.3, "12.3"), (123.4, "123")):  # fmt: skip
            self.assertEqual(figures.number_text(value), wanted)
        self.assertEqual(figures.size_text(3 << 19), "1.5 MiB")
        self.assertEqual(figures.size_text(312), "312 B")

    def test_spread_is_minimum_and_median(self):
        self.assertEqual(figures.spread_text([3.0, 1.0, 2.0]), "1.00 / 2.00")
        self.assertEqual(figures.spread_text([1.0, 2.0]), "1.00 / 1.50")

    def test_ratio_is_of_the_medians(self):
        self.assertEqual(figures.ratio([1.0, 9.0, 2.0], [4.0, 4.0, 100.0]), 0.5)
        self.assertIsNone(figures.ratio([], [1.0]))
        self.assertIsNone(figures.ratio([1.0], []))
        self.assertIsNone(figures.ratio([1.0], [0.0]))

    def test_percentile_is_a_value_that_occurred(self):
        values = list(range(1, 101))
        self.assertEqual(figures.percentile(values, 99), 99)
        self.assertEqual(figures.percentile(values, 50), 50)
        self.assertEqual(figures.percentile([5.0], 99), 5.0)
        self.assertEqual(figures.percentile([2.0, 1.0], 99), 2.0)

    def test_each_round_runs_every_case_once_in_its_own_order(self):
        orders = [figures.round_order(9, number) for number in range(5)]
        for order in orders:
            self.assertEqual(sorted(order), list(range(9)))
        self.assertGreater(len(set(map(tuple, orders))), 1)
        self.assertEqual(orders[3], figures.round_order(9, 3))


class Flow(unittest.TestCase):
    def test_steady_bytes_are_above_the_line_by_one_read(self):
        flow = figures.flow_of([(5.0 + i / 10, 100) for i in range(101)], 1000, 15.0)
        self.assertAlmostEqual(flow.excess, 100)
        self.assertAlmostEqual(flow.average, 1000)
        self.assertAlmostEqual(flow.longest_gap, 0.1)
        self.assertAlmostEqual(flow.p99_gap, 0.1)

    def test_burst_at_the_start_is_excess_and_not_speed(self):
        steady = [(i / 10, 100) for i in range(1, 101)]
        flow = figures.flow_of([(0.0, 5000), *steady], 1000, 10.0)
        self.assertAlmostEqual(flow.excess, 5000)
        self.assertAlmostEqual(flow.average, 1000)

    def test_catching_up_after_a_gap_stays_below_the_line(self):
        flow = figures.flow_of([(0.0, 100), (1.0, 100), (4.0, 3000), (5.0, 1000)], 1000, 5.0)
        self.assertEqual(flow.excess, 100)
        self.assertEqual(flow.longest_gap, 3.0)

    def test_big_blocks_show_as_excess_and_gaps(self):
        flow = figures.flow_of([(0.0, 4000), (4.0, 4000), (8.0, 4000)], 1000, 10.0)
        self.assertEqual((flow.excess, flow.average, flow.longest_gap), (4000, 1000, 4.0))

    def test_one_read_has_no_average_and_silence_is_a_gap(self):
        flow = figures.flow_of([(1.0, 10)], 1000, 11.0)
        self.assertEqual((flow.excess, flow.average, flow.longest_gap), (10, None, 10.0))


class Text(unittest.TestCase):
    def test_table_is_markdown(self):
        table = figures.Table("Memory", ["command", "10M"], [["`pipe`", "7 MiB"]], ["A note."])
        self.assertEqual(figures.table_text(table),
                         "### Memory\n\n| command | 10M |\n|---|---|\n| `pipe` | 7 MiB |\n\n"
                         "A note.\n")  # fmt: skip

    def test_row_of_a_tool_has_its_ratios(self):
        row = pipe_workload.row(cases.PIPE, samples([1.0, 3.0, 2.0]), samples([4.0], [2.0], [8.0]),
                                samples([1.0]))  # fmt: skip
        self.assertEqual(row, ["`zsluice pipe`", "1.00 / 2.00", "1.00 / 1.00", "2.00 / 2.00", "6.00",
                               "0.50, 0.50, 0.25", "2.00, 1.00, 1.00"])  # fmt: skip
        self.assertEqual(len(row), len(pipe_workload.HEADER))

    def test_row_of_a_tool_that_failed_has_no_number(self):
        failed = pipe_workload.Samples([1.0], [1.0], [1.0], [1], failure="cat ended with status 1")
        row = pipe_workload.row(cases.CAT, failed, samples([1.0]), samples([1.0]))
        self.assertEqual(row, ["`cat`", "cat ended with status 1", "", "", "", "", ""])

    def test_row_without_its_reference_says_so(self):
        row = pipe_workload.row(cases.PIPE, samples([1.0]), pipe_workload.Samples(), samples([2.0]))
        self.assertEqual(row[-2:], ["–, –, –", "0.50, 1.00, 1.00"])

    def test_section_between_the_markers_is_replaced(self):
        text = "Before\n<b>\nold\nlines\n<e>\nAfter\n"
        wanted = "Before\n<b>\n\nnew\n\n<e>\nAfter\n"
        self.assertEqual(figures.replace_between(text, "<b>", "<e>", "new\n"), wanted)
        self.assertEqual(figures.replace_between(wanted, "<b>", "<e>", "new\n"), wanted)
        for broken in ("no markers\n", "<b>\n", "<e>\n<b>\n"):
            with self.assertRaises(ValueError):
                figures.replace_between(broken, "<b>", "<e>", "new")

    def test_readme_has_the_markers(self):
        root = pathlib.Path(__file__).parents[2]
        text = (root / "bench/README.md").read_text(encoding="utf-8")
        begin, end = "<!-- tools/bench begins -->", "<!-- tools/bench ends -->"
        self.assertIn("new", figures.replace_between(text, begin, end, "new"))


class Goals(unittest.TestCase):
    def test_verdict(self):
        for value, must, aim, wanted in ((0.3, 0.5, 0.35, "aim reached"),
                                         (0.4, 0.5, 0.35, "met, aim missed"),
                                         (0.6, 0.5, 0.35, "**missed**"), (0.8, 0.9, None, "met"),
                                         (1.1, None, 1.0, "aim missed"),
                                         (None, 0.5, 0.35, "not measured")):  # fmt: skip
            self.assertEqual(goals.verdict(value, must, aim), wanted)
        self.assertEqual(goals.verdict(1.2, 1.0, 1.5, more_is_better=True), "met, aim missed")
        self.assertEqual(goals.verdict(0.9, 1.0, 1.5, more_is_better=True), "**missed**")

    def test_pipe_is_judged_by_what_was_measured_beside_it(self):
        judged = goals.Goals()
        judged.take_pipe("4K", {cases.PIPE: samples([1.0]), cases.MBUFFER: samples([2.0])})
        name = "`zsluice pipe`, 4K, {} × `mbuffer -q -s 128k -m 64M`"
        self.assertEqual(judged.rows, [
            [name.format("CPU of the tool"), "1.00", "≤ 1", "≤ 0.6", "met, aim missed"],
            [name.format("wall"), "0.50", "≤ 1", "≤ 0.6", "aim reached"],
        ])  # fmt: skip


class Failures(unittest.TestCase):
    def test_reason(self):
        for command, status, words, wanted in (
            (["pv", "-q"], 127, "pv: No such file", "pv is not installed"),
            (["/b/zsluice", "pipe"], 2, "usage", "not available: zsluice does not know this option"),
            (["/b/zsluice", "pipe"], 3, "a\nbad sum\n", "zsluice ended with status 3: bad sum"),
            (["cat"], 137, "", "cat ended with status 137"),
        ):
            self.assertEqual(processes.reason(command, status, words), wanted)


if __name__ == "__main__":
    unittest.main()
