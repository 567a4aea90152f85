#!/bin/sh
# supervise.sh COMMAND...: starts the command again when its exit code says that a new process can go on; ends with its code otherwise.
# Docker's own restart policies know no codes. Which code means what: docs/reliability.md.
child=; ending=
trap 'ending=1; kill -TERM "$child" 2>/dev/null' TERM INT
while :; do
  "$@" & child=$!
  wait "$child"; code=$?
  # A signal to this script ends `wait`, not the command.
  while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
  [ -z "$ending" ] || exit "$code"
  case $code in
    # The last three: aborted, killed, crashed.
    69 | 70 | 72 | 74 | 134 | 137 | 139) echo "ended with $code: started again in 2 s" >&2; sleep 2 ;;
    *) exit "$code" ;;
  esac
done
