# Finds the JDK that Cairn is built with and runs on. POSIX sh.
#
# Sourced, it defines find_jdk and no_jdk. Run, as Maven does, it is silent if there is a JDK 25
# and otherwise says how to get one and exits with 1.
#
# Only shell built-ins on the usual path: ./cairn does this at every start.

# jdk_at DIR: whether DIR holds Java 25 with the program $jdk_program. Sets JDK_VERSION.
jdk_at() {
  [ -x "$1/bin/$jdk_program" ] && [ -r "$1/release" ] || return 1
  JDK_VERSION= jdk_feature=
  while IFS='=' read -r jdk_key jdk_value || [ -n "$jdk_key" ]; do
    case $jdk_key in
      JAVA_VERSION) jdk_feature=$jdk_value; [ -n "$JDK_VERSION" ] || JDK_VERSION=$jdk_value ;;
      JAVA_RUNTIME_VERSION) JDK_VERSION=$jdk_value ;;
    esac
  done <"$1/release"
  case $jdk_feature in
    '"25"' | '"25.'* | '"25-'* | '"25+'*) return 0 ;;
    *) return 1 ;;
  esac
}

# find_jdk [PROGRAM]: sets JDK_HOME and JDK_VERSION to the first JDK 25 that has bin/PROGRAM
# (javac unless said otherwise). JAVA_HOME wins if it is one.
find_jdk() {
  jdk_program=${1:-javac}
  for JDK_HOME in \
    "${JAVA_HOME:-}" \
    /usr/lib/jvm/* \
    "${SDKMAN_DIR:-${HOME:-}/.sdkman}"/candidates/java/* \
    "${HOME:-}"/.jdks/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME:-}"/Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if [ -n "$JDK_HOME" ] && jdk_at "$JDK_HOME"; then return 0; fi
  done
  # Last, `java` on PATH, which is often a link or a stub: it is asked where it lives.
  if command -v java >/dev/null 2>&1; then
    JDK_HOME=$(java -XshowSettings:properties -version 2>&1 </dev/null |
      sed -n 's/^ *java\.home = //p')
    if [ -n "$JDK_HOME" ] && jdk_at "$JDK_HOME"; then return 0; fi
  fi
  JDK_HOME= JDK_VERSION=
  return 1
}

no_jdk() {
  cat >&2 <<'TEXT'

Cairn needs a JDK 25, and none was found: not in JAVA_HOME, nor in /usr/lib/jvm, ~/.sdkman,
~/.jdks or /Library/Java/JavaVirtualMachines, nor is `java` on PATH one.

Get one, for example:
  Debian, Ubuntu   apt install temurin-25-jdk     (set up first: https://adoptium.net/installation/linux)
                   or, where it is packaged:      apt install openjdk-25-jdk-headless
  Fedora           dnf install java-25-openjdk-devel
  SDKMAN!          sdk install java 25-tem
  macOS            brew install --cask temurin@25
  by hand          https://adoptium.net/temurin/releases/?version=25
                   and point JAVA_HOME at the unpacked directory

TEXT
}

case $0 in
  */find-jdk.sh | find-jdk.sh) find_jdk || { no_jdk; exit 1; } ;;
esac
