# Starts the cairn command. POSIX sh, sourced after find-jdk.sh, by ./cairn and by the installed
# launcher alike.

# JVM flags, in $CAIRN_JVM_FLAGS (no spaces inside a flag).
#
# Serial GC starts fastest and needs the least memory. The JVM warns on stderr, not stdout, and is
# silent about a cache that does not fit it or the jar. Native access is granted in the jar's
# manifest: as a flag here it would put the cache out of use.
CAIRN_JVM_FLAGS="-XX:+UseSerialGC -XX:-UsePerfData -Xlog:disable -Xlog:all=warning,aot*=off,cds*=off:stderr"

# Which methods get the second compiler: those that carry the bytes of a save. Without it SHA-256 is
# ten times slower (160 MB/s instead of 1600); but everything else ends before it is worth while, and
# takes a core from the rest until then.
CAIRN_COMPILERS='[
  {
    match: [
      "sun/security/provider/*.*",
      "dev/cairn/repository/*.*",
      "java/nio/*.*",
      "java/util/zip/*.*",
      "jdk/internal/util/ArraysSupport.*"
    ],
    c2: { Exclude: false }
  },
  { match: ["*.*"], c2: { Exclude: true } }
]'

# What the JVM runs once for its AOT cache, in an empty directory that is removed again: classes
# that it uses start faster later on.
CAIRN_TRAINING=dev.cairn.cli.Training

# train_cairn JAR: makes the AOT cache JAR's neighbour, for the JVM in JDK_HOME. Failing is no
# harm: Cairn then starts slower. Leaves a note for which JVM and jar it was, failed or not.
train_cairn() {
  cairn_cache=${1%.jar}.aot
  rm -f "$cairn_cache" "$cairn_cache.for" "${1%.jar}.zstd"
  # As a whole or not at all: the JVM would not start with a part of it.
  if printf '%s\n' "$CAIRN_COMPILERS" >"${1%.jar}.compilers.new"; then
    mv -f "${1%.jar}.compilers.new" "${1%.jar}.compilers"
  else
    rm -f "${1%.jar}.compilers.new" "${1%.jar}.compilers"
  fi
  cairn_scratch=$(mktemp -d "${TMPDIR:-/tmp}/cairn-training.XXXXXX") || return 0
  (
    set -f
    cd "$cairn_scratch" &&
      "$JDK_HOME/bin/java" $CAIRN_JVM_FLAGS "-XX:AOTCacheOutput=$cairn_cache.new" \
        -cp "$1" $CAIRN_TRAINING
  ) </dev/null >/dev/null 2>&1 || :
  # The compressor, which every process would else unpack anew.
  cairn_zstd=$(zstd_entry)
  if [ -n "$cairn_zstd" ] &&
    (cd "$cairn_scratch" && "$JDK_HOME/bin/jar" --extract --file "$1" --dir . "$cairn_zstd/") \
      >/dev/null 2>&1; then
    for cairn_library in "$cairn_scratch/$cairn_zstd"/libzstd-jni-*; do
      if [ -f "$cairn_library" ]; then mv -f "$cairn_library" "${1%.jar}.zstd"; fi
    done
  fi
  rm -rf "$cairn_scratch"
  if [ -s "$cairn_cache.new" ]; then mv -f "$cairn_cache.new" "$cairn_cache"; fi
  rm -f "$cairn_cache.new" "$cairn_cache.new.config"
  printf '%s %s\n' "$JDK_VERSION" "$JDK_HOME" >"$cairn_cache.for"
}

# Where the jar has the compressor for this machine; nothing if it has none.
zstd_entry() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo linux/amd64 ;;
    Linux-aarch64) echo linux/aarch64 ;;
    Darwin-x86_64) echo darwin/x86_64 ;;
    Darwin-arm64) echo darwin/aarch64 ;;
  esac
}

# is_trained JAR: whether train_cairn has run for this jar and the JVM in JDK_HOME.
is_trained() {
  [ "${1%.jar}.aot.for" -nt "$1" ] || return 1
  cairn_for=
  read -r cairn_for <"${1%.jar}.aot.for" || :
  [ "$cairn_for" = "$JDK_VERSION $JDK_HOME" ]
}

# Without a UTF-8 locale the JVM could neither read nor make files whose names are not ASCII.
# So it gets one, and the user's own LC_ALL in CAIRN_ORIGINAL_LC_ALL, for the commands it starts:
# "(unset)" means there was none. If nothing was changed, CAIRN_ORIGINAL_LC_ALL is not set.
use_utf8() {
  unset CAIRN_ORIGINAL_LC_ALL
  case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
    C.UTF-8 | C.utf8) return 0 ;;
    *.[Uu][Tt][Ff]-8* | *.[Uu][Tt][Ff]8*)
      # It says so; but one that is not installed is plain ASCII.
      case $(locale charmap 2>/dev/null || echo UTF-8) in UTF-8) return 0 ;; esac
      ;;
  esac
  CAIRN_ORIGINAL_LC_ALL=${LC_ALL-(unset)}
  LC_ALL=C.UTF-8
  export CAIRN_ORIGINAL_LC_ALL LC_ALL
}

# hashes [ARGS]: whether the command may hash much. The others end before the second compiler is of
# any use.
hashes() {
  case ${1:-} in
    run | save | scrub | demo | checkpoint | checkpoints) return 0 ;;
    *) return 1 ;;
  esac
}

# launch_cairn JAR [ARGS]: becomes the JVM. CAIRN_JAVA_OPTIONS adds JVM flags.
launch_cairn() {
  cairn_jar=$1
  shift
  use_utf8
  set -f # flags are split into words, but are no file patterns
  if ! hashes "$@"; then
    set -- -XX:TieredStopAtLevel=1 ${CAIRN_JAVA_OPTIONS:-} -jar "$cairn_jar" "$@"
  elif [ -f "${cairn_jar%.jar}.compilers" ]; then
    # The JVM would say on stdout that it has read the file. One that has no such flags starts too.
    set -- -XX:+IgnoreUnrecognizedVMOptions -XX:+UnlockDiagnosticVMOptions -XX:-DisplayVMOutput \
      "-XX:CompilerDirectivesFile=${cairn_jar%.jar}.compilers" \
      ${CAIRN_JAVA_OPTIONS:-} -jar "$cairn_jar" "$@"
  else
    set -- ${CAIRN_JAVA_OPTIONS:-} -jar "$cairn_jar" "$@"
  fi
  if [ -f "${cairn_jar%.jar}.zstd" ]; then set -- "-DZstdNativePath=${cairn_jar%.jar}.zstd" "$@"; fi
  if [ -f "${cairn_jar%.jar}.aot" ]; then set -- "-XX:AOTCache=${cairn_jar%.jar}.aot" "$@"; fi
  exec "$JDK_HOME/bin/java" $CAIRN_JVM_FLAGS "$@"
}
