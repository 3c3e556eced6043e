# SPDX-License-Identifier: BSD-2-Clause
"""Virtual machines with real OpenZFS: `tools/zfs-vm --help`.

recipe   what is in an image, and the key it is cached under
image    builds it: Debian's packages into a folder, the folder into a file
machine  one running machine: its disks, its port, its end
program  a program of this host with the libraries it needs, to run there
"""
