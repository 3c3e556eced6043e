# SPDX-License-Identifier: BSD-2-Clause
# What each failed test said, out of ctest's log and, before it, its list of those that failed
# ("13:io_test"): of a program with hundreds of tests only the failed ones, of a program that did
# not come to its end the last lines.
function flush_program(    i) {
  if (!(name in failed)) return
  print "\nFailed: " name
  if (is_open == 1) said = said block  # it crashed in the middle of this one
  if (said == "") {
    for (i = lines > kLastLines ? lines - kLastLines : 0; i < lines; ++i) {
      said = said "  " last[i % kLastLines] "\n"
    }
  }
  printf "%s", said
}
BEGIN { kLastLines = 25 }
FNR == NR { sub(/^[0-9]+:/, ""); failed[$0]; next }
/^[0-9]+\/[0-9]+ Testing: / { name = $3; lines = 0; said = ""; block = ""; is_open = 0; is_header = 1; next }
is_header { if (/^-+$/) is_header = 0; next }
# Behind the last line, which need not end with a newline.
sub(/<end of output>$/, "") {
  if ($0 != "") last[lines++ % kLastLines] = $0
  flush_program()
  next
}
{ last[lines++ % kLastLines] = $0 }
# GoogleTest: from RUN to OK or FAILED.
/^\[ RUN      \] / { block = ""; is_open = 1 }
# Python's unittest, at its end: from a line of = to the next one.
/^==========/ && is_open == 2 { is_open = 0 }
/^(FAIL|ERROR): / && is_open != 1 { block = ""; is_open = 2 }
/^-+$/ && is_open == 2 { next }
/^Ran [0-9]+ tests? in / && is_open == 2 { is_open = 0 }
is_open { block = block "  " $0 "\n" }
is_open == 2 { said = said "  " $0 "\n" }
/^\[       OK \] / { block = ""; is_open = 0 }
/^\[  FAILED  \] / && is_open == 1 { said = said block; is_open = 0 }
