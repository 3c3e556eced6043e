# SPDX-License-Identifier: BSD-2-Clause
# fish completion for zsluice(1)

complete -c zsluice -f
complete -c zsluice -n __fish_use_subcommand -a pipe -d 'verified pass-through: stdin to stdout'
complete -c zsluice -n __fish_use_subcommand -a verify -d 'is this stream whole and undamaged?'
complete -c zsluice -n __fish_use_subcommand -a inspect -d 'what does this stream hold?'

complete -c zsluice -s h -l help -d 'show the options'
complete -c zsluice -l version -d 'show the version'
complete -c zsluice -s q -l quiet -d 'say nothing but failures'
complete -c zsluice -s v -l verbose -d 'say more'
complete -c zsluice -l json -d 'print the result for machines'
complete -c zsluice -l log-format -x -a 'text json' -d 'how messages are written'
complete -c zsluice -l io -x -a 'auto uring poll copy' -d 'which kernel interface moves the bytes'

set -l pipe '__fish_seen_subcommand_from pipe'
complete -c zsluice -n $pipe -l allow-plaintext -d 'pass streams that are not raw and encrypted'
complete -c zsluice -n $pipe -l expect-toguid -x -d 'pass only a stream that brings this snapshot'
complete -c zsluice -n $pipe -l expect-fromguid -x -d 'pass only a stream that starts from this snapshot'
complete -c zsluice -n $pipe -l expect-name -x -d 'pass only snapshots whose name matches'
complete -c zsluice -n $pipe -l max-size -x -d 'stop a stream that is longer'
complete -c zsluice -n $pipe -l single-dataset -d 'refuse streams of several datasets'
complete -c zsluice -n $pipe -l no-properties -d 'refuse streams that carry properties or holds'
complete -c zsluice -n $pipe -l buffer -x -d 'memory for the stream'
complete -c zsluice -n $pipe -l max-header -x -d 'longest nvlist accepted behind a BEGIN'
complete -c zsluice -n $pipe -l allow-unproven -d 'pass records that carry no checksum of their own'
complete -c zsluice -n $pipe -l any-data -d 'pass input that is no send stream untouched'
complete -c zsluice -n $pipe -l concatenated -d 'pass several streams one after another'
complete -c zsluice -n $pipe -l start-at -x -d 'write nothing before the buffer has been filled so far'
complete -c zsluice -n $pipe -l drain-to -x -d 'read on from a full buffer only when it is drained so far'
complete -c zsluice -n $pipe -l rate -x -d 'pass no more per second'
complete -c zsluice -n $pipe -l burst -x -d 'how far above the rate after an idle time'
complete -c zsluice -n $pipe -l rate-file -r -F -d 'take the rate from a file'
complete -c zsluice -n $pipe -l progress -x -a 'auto off line plain json' -d 'how the run is shown'
complete -c zsluice -n $pipe -l interval -x -d 'time between two signs of progress'
complete -c zsluice -n $pipe -l size -x -d 'how long the stream will be'
complete -c zsluice -n $pipe -l size-from -r -F -d 'take that from the output of zfs send -nP'
complete -c zsluice -n $pipe -l metrics -r -F -d 'keep a Prometheus text file of the run'

set -l verify '__fish_seen_subcommand_from verify'
complete -c zsluice -n $verify -F
complete -c zsluice -n $verify -s j -l jobs -x -d 'sum payloads of a file with several threads'
complete -c zsluice -n $verify -l strict -d 'apply the newest receiver\'s rules to every record'
complete -c zsluice -n $verify -l blocks -d 'check the on-disk checksum of every block that carries one'
complete -c zsluice -n $verify -l keep-going -d 'list every damaged range, not only the first'
complete -c zsluice -n $verify -l max-header -x -d 'longest nvlist accepted behind a BEGIN'

set -l inspect '__fish_seen_subcommand_from inspect'
complete -c zsluice -n $inspect -F
complete -c zsluice -n $inspect -l records -d 'print one line for each record'
complete -c zsluice -n $inspect -l max-header -x -d 'longest nvlist accepted behind a BEGIN'
