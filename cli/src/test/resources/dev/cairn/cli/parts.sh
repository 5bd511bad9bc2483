#!/bin/sh
# Counts on from where it stopped, as count.sh does, with files that belong together:
# parts.sh DIRECTORY ENOUGH LOG
#
# DIRECTORY/count holds the number, the job and the number again; beside it stands a file part-K for
# each of the last five multiples of five, 5*K, that were reached. Every file appears by a rename, a
# part before the number that needs it, and goes after the number that does not. It also logs which
# checkpoint and token it was started with.
directory=$1 enough=$2 log=$3

save() {
  part=$((count / 5))
  if [ $((count % 5)) -eq 0 ]; then
    echo "part $part" >"$directory/part.tmp"
    echo "of $CAIRN_JOB" >>"$directory/part.tmp"
    mv "$directory/part.tmp" "$directory/part-$part"
  fi
  echo "$count" >"$directory/count.tmp"
  echo "of $CAIRN_JOB" >>"$directory/count.tmp"
  echo "whole $count" >>"$directory/count.tmp"
  mv "$directory/count.tmp" "$directory/count"
  if [ $((count % 5)) -eq 0 ]; then rm -f "$directory/part-$((part - 5))"; fi
}

is_enough() {
  limit=
  if [ -f "$enough" ]; then read -r limit <"$enough"; fi
  [ -n "$limit" ] && [ "$count" -ge "$limit" ]
}

count=0
if [ -f "$directory/count" ]; then read -r count <"$directory/count"; fi
trap 'save; echo "stop $count" >>"$log"; exit 0' TERM INT
echo "start $CAIRN_ATTEMPT $$ $count $CAIRN_FENCING_TOKEN ${CAIRN_CHECKPOINT:-nothing}" >>"$log"
until is_enough; do
  count=$((count + 1))
  save
  echo "$count" >>"$log"
  sleep 0.1
done
echo "end $count" >>"$log"
