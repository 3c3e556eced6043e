# SPDX-License-Identifier: BSD-2-Clause
"""sleepy_reader.py AWAKE ASLEEP < PIPE: reads for AWAKE seconds as fast as it can, sleeps for
ASLEEP, and so on until the end. Prints the number of bytes."""
import os
import sys
import time

READ_BYTES = 128 << 10


def main(awake, asleep):
    total = 0
    tired_at = time.monotonic() + awake
    while count := len(os.read(0, READ_BYTES)):
        total += count
        if time.monotonic() >= tired_at:
            time.sleep(asleep)
            tired_at = time.monotonic() + awake
    print(total)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
