#!/bin/sh
# The installed cairn command. It never builds; ./check install in a checkout put it here.
set -eu

self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in
    /*) self=$link ;;
    *) self=${self%/*}/$link ;;
  esac
done
case $self in */*) bin=${self%/*} ;; *) bin=. ;; esac
lib=$(CDPATH= cd -P -- "$bin/../lib/cairn" && pwd -P)

. "$lib/find-jdk.sh"
. "$lib/launch.sh"

find_jdk java || { no_jdk; exit 1; }
launch_cairn "$lib/cairn.jar" "$@"
