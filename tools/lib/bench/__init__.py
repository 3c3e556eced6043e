# SPDX-License-Identifier: BSD-2-Clause
"""What tools/bench runs: zsluice beside the tools people would use instead."""
