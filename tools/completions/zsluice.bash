# SPDX-License-Identifier: BSD-2-Clause
# bash completion for zsluice(1)

_zsluice_options() {
  local options='-h --help --version -q --quiet -v --verbose --json --log-format --io'
  case $1 in
    pipe)
      options+=' --allow-plaintext --expect-toguid --expect-fromguid --expect-name --max-size'
      options+=' --single-dataset --no-properties --buffer --max-header --allow-unproven'
      options+=' --any-data --concatenated --start-at --drain-to --rate --burst --rate-file'
      options+=' --progress --interval --size --size-from --metrics'
      ;;
    verify)
      options+=' -j --jobs --strict --blocks --keep-going --quick --auth-key --fetch --no-auth'
      options+=' --max-header'
      ;;
    inspect) options+=' --records --max-header' ;;
    token)
      options+=' --expect-toguid --expect-fromguid --expect-name --allow-plaintext --encode'
      options+=' --auth-key --no-auth --max-header'
      ;;
    resume)
      options+=' --token --rest --stitch --allow-plaintext --auth-key --no-auth --max-header'
      ;;
    split | join)
      options+=' --allow-plaintext --expect-toguid --expect-fromguid --expect-name --max-size'
      options+=' --single-dataset --no-properties --auth-key --max-header'
      [[ $1 != split ]] || options+=' --continue --segment-size --compress -T --threads --filter'
      [[ $1 != join ]] || options+=' --no-auth --fetch --rate --burst --rate-file --progress'
      [[ $1 != join ]] || options+=' --interval --metrics'
      ;;
    *) options='-h --help --version' ;;
  esac
  echo "$options"
}

_zsluice() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command=${COMP_WORDS[1]} words=
  COMPREPLY=()
  # In `--io=poll` the shell makes `=` a word of its own.
  if [[ $current == '=' ]]; then
    current=
  elif [[ $previous == '=' ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
    --log-format) words='text json' ;;
    --io) words='auto uring poll copy' ;;
    --progress) words='auto off line plain json' ;;
    --compress) words='off auto' ;;
    --rate-file | --size-from | --metrics | --auth-key)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --expect-toguid | --expect-fromguid | --expect-name | --token) return ;;
    --max-size | --buffer | --max-header | --segment-size | -j | --jobs | -T | --threads) return ;;
    --filter | --fetch) return ;;
    --start-at | --drain-to | --rate | --burst | --interval | --size) return ;;
    *)
      if [[ $COMP_CWORD -eq 1 && $current != -* ]]; then
        words='pipe split join verify inspect token resume'
      elif [[ $current == -* ]]; then
        [[ $COMP_CWORD -gt 1 ]] || command=
        words=$(_zsluice_options "$command")
      elif [[ $command == token && $COMP_CWORD -eq 2 ]]; then
        words='decode check make'
      elif [[ $command == token && ${COMP_WORDS[2]} != make ]]; then
        return
      elif [[ $command == split || $command == join ]]; then
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
      elif [[ $command != pipe ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
      fi
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -o filenames -F _zsluice zsluice
