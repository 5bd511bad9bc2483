# Building, for ./check and ./cairn. POSIX sh, sourced after find-jdk.sh in a script that has set
# `root` to the project's directory.

# What ./cairn is made of. A module that the command comes to depend on belongs here too.
CAIRN_MODULES="core cli"
# What a build by the way leaves to ./check.
CAIRN_QUICK="-Dspotless.check.skip -Dforbiddenapis.skip -Dmaven.source.skip"
cairn_target=$root/cli/target
# What runs: a copy of cairn.jar, replaced by renaming, because overwriting the jar of a running
# JVM breaks it, and a `cairn run` may take days.
cairn_live=$cairn_target/live/cairn.jar
# Its time is the start of the last good build; anything younger asks for a new one.
cairn_stamp=$cairn_target/cairn.stamp

need_maven() {
  command -v mvn >/dev/null 2>&1 || {
    cat >&2 <<'TEXT'

Cairn is built with Maven (3.8.7 or later), and there is no `mvn` on PATH. Get it, for example:
  Debian, Ubuntu   apt install maven
  Fedora           dnf install maven
  SDKMAN!          sdk install maven
  macOS            brew install maven
  by hand          https://maven.apache.org/download.cgi

TEXT
    exit 1
  }
}

# cairn_mvn ARGS: Maven on the JDK in JDK_HOME, in the project's directory.
cairn_mvn() (
  cd "$root" || exit 1
  JAVA_HOME=$JDK_HOME
  export JAVA_HOME
  exec mvn -B -ntp "$@"
)

# is_built: whether cairn.jar is there and no source of it is younger. Directories count, so
# that a removed file is noticed.
is_built() (
  [ -f "$cairn_target/cairn.jar" ] && [ -f "$cairn_stamp" ] || exit 1
  cd "$root" || exit 1
  set -- pom.xml
  for module in $CAIRN_MODULES; do set -- "$@" "$module/pom.xml" "$module/src/main"; done
  [ -z "$(find "$@" -newer "$cairn_stamp" -print 2>/dev/null | head -n 1)" ]
)

# One build at a time per project directory. The lock is a directory with the owner's process id;
# a lock whose owner is gone is taken over.
lock_build() {
  build_lock=$root/.build.lock
  build_waiting=
  until mkdir "$build_lock" 2>/dev/null; do
    build_owner=
    { read -r build_owner <"$build_lock/pid"; } 2>/dev/null || :
    if [ -z "$build_owner" ]; then
      # Either its owner is about to say who it is, or it died before it could.
      sleep 1
      { read -r build_owner <"$build_lock/pid"; } 2>/dev/null || build_owner=gone
    fi
    if [ "$build_owner" = gone ] || ! kill -0 "$build_owner" 2>/dev/null; then
      # Renaming is atomic: of several that find the lock dead, one removes it.
      if mv "$build_lock" "$build_lock.$$" 2>/dev/null; then rm -rf "$build_lock.$$"; fi
      continue
    fi
    [ -n "$build_waiting" ] || echo "cairn: waiting for another build (process $build_owner)" >&2
    build_waiting=1
    sleep 0.2 2>/dev/null || sleep 1
  done
  echo $$ >"$build_lock/pid"
  trap 'rm -rf "$build_lock"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

unlock_build() {
  rm -rf "$build_lock"
  trap - EXIT HUP INT TERM
}

# begin_stamp, then end_stamp if the build was good: what changes meanwhile is younger.
begin_stamp() { mkdir -p "$cairn_target" && : >"$root/.build.lock/started"; }
end_stamp() { mv -f "$root/.build.lock/started" "$cairn_stamp"; }

# is_live: whether the copy that runs is that of the last build, with a cache for the JVM in
# JDK_HOME.
is_live() {
  [ -f "$cairn_live" ] && is_trained "$cairn_live" &&
    [ "${cairn_live%.jar}.aot.for" -nt "$cairn_target/cairn.jar" ]
}

go_live() {
  if cmp -s "$cairn_target/cairn.jar" "$cairn_live" && is_trained "$cairn_live"; then
    touch "${cairn_live%.jar}.aot.for"
  else
    mkdir -p "${cairn_live%/*}"
    cp "$cairn_target/cairn.jar" "$cairn_live.new"
    mv -f "$cairn_live.new" "$cairn_live"
    train_cairn "$cairn_live"
  fi
}
