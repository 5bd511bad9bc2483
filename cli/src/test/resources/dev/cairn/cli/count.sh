#!/bin/sh
# Counts on from where it stopped: count.sh DIRECTORY ENOUGH LOG
#
# Its state is the number in DIRECTORY/count, always replaced as a whole. It ends when it has reached
# the number in the file ENOUGH, as long as there is one; asked to end by SIGTERM or SIGINT, it saves
# once more and ends. Every number goes to LOG too, which nobody restores.
directory=$1 enough=$2 log=$3

save() {
  echo "$count" >"$directory/count.tmp"
  mv "$directory/count.tmp" "$directory/count"
}

is_enough() {
  limit=
  if [ -f "$enough" ]; then read -r limit <"$enough"; fi
  [ -n "$limit" ] && [ "$count" -ge "$limit" ]
}

count=0
if [ -f "$directory/count" ]; then read -r count <"$directory/count"; fi
trap 'save; echo "stop $count" >>"$log"; exit 0' TERM INT
echo "start $CAIRN_ATTEMPT $$ $count" >>"$log"
until is_enough; do
  count=$((count + 1))
  save
  echo "$count" >>"$log"
  if [ -n "$SAY_SAVED" ]; then echo "step=$count saved" >"$CAIRN_NOTIFY"; fi
  sleep 0.05
done
echo "end $count" >>"$log"
