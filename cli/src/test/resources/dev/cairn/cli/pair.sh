#!/bin/sh
# Saves two files that belong together, again and again: pair.sh DIRECTORY HOW ENOUGH LOG
#
# Every save writes "model" and "state", both with the number of the save, each in two pieces, and
# then the marker DONE: all directly in DIRECTORY, over those of the save before, or, if HOW is
# "folders", in a new folder step-N each. It goes on from the newest save that has its marker, and
# logs "torn" if the two do not belong together. It ends as count.sh does.
directory=$1 how=$2 enough=$3 log=$4

newest() {
  if [ "$how" != folders ]; then
    if [ -f "$directory/DONE" ]; then echo "$directory"; fi
    return
  fi
  best=0
  for marker in "$directory"/step-*/DONE; do
    if [ -f "$marker" ]; then
      step=${marker%/DONE} step=${step##*/step-}
      if [ "$step" -gt "$best" ]; then best=$step; fi
    fi
  done
  if [ "$best" -gt 0 ]; then echo "$directory/step-$best"; fi
}

number() {
  read -r first rest <"$1/$2" || first="?"
  tail -n 1 "$1/$2" | grep -qx "$first" && echo "$first" || echo "half of $first"
}

is_enough() {
  limit=
  if [ -f "$enough" ]; then read -r limit <"$enough"; fi
  [ -n "$limit" ] && [ "$step" -ge "$limit" ]
}

step=0 from=$(newest)
if [ -n "$from" ]; then
  model=$(number "$from" model) state=$(number "$from" state)
  step=$model
  if [ "$model" != "$state" ]; then echo "torn: model $model, state $state" >>"$log"; exit 78; fi
fi
echo "start $CAIRN_ATTEMPT $$ $step" >>"$log"
until is_enough; do
  step=$((step + 1))
  to=$directory
  if [ "$how" = folders ]; then to=$directory/step-$step; mkdir -p "$to"; fi
  for file in model state; do
    echo "$step" >"$to/$file"
    echo "$file half" >>"$log"
    sleep 0.02
    echo "$step" >>"$to/$file"
    echo "$file whole" >>"$log"
    sleep 0.02
  done
  echo "$step" >"$to/DONE"
  echo "$step" >>"$log"
  sleep 0.05
done
echo "end $step" >>"$log"
