package dev.cairn.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The tools that are measured, each as its users would call it for a checkpoint that must last.
///
/// Stores of the peers are made before the clock starts; Cairn makes its own in its first save.
final class Tools {
  static final String RAW = "cairn-raw";
  static final String AUTO = "cairn-auto";
  static final String FINE = "cairn-64k";
  static final String RESTIC = "restic";
  static final String BORG = "borg";
  static final String BORG_LZ4 = "borg-lz4";

  /// Two ways to copy durably; the quicker one is what Cairn is compared with.
  static final List<String> COPIES = List.of("cp", "cp-syncfs");

  private Tools() {}

  /// @param launcher the `cairn` command
  static List<Tool> all(Path launcher) {
    var tools = new ArrayList<>(cairn(launcher));
    tools.add(
        copy(
            "cp",
            "`cp -r`, each file forced",
            "fsync of each file and directory",
            "find %s -exec sync {} +"));
    tools.add(copy("cp-syncfs", "`cp -r` and `sync -f`", "syncfs at the end", "sync -f %s"));
    tools.add(tar());
    tools.add(restic());
    tools.add(borg(BORG, "zstd,1"));
    tools.add(borg(BORG_LZ4, "lz4"));
    tools.add(casync());
    return tools;
  }

  private static List<Tool> cairn(Path launcher) {
    String command = launcher.toString();
    String help = Program.run(Map.of(), List.of(command, "save", "--help")).out();
    String more = Program.run(Map.of(), List.of(command, "checkpoints", "verify", "--help")).out();
    List<String> full = more.contains("--full") ? List.of("--full") : List.of();
    var tools = new ArrayList<Tool>();
    if (help.contains("--compression")) {
      tools.add(cairn(RAW, "cairn, raw", command, List.of("--compression", "none"), full));
    } else {
      System.out.println("cairn, raw: skipped, this `cairn save` has no --compression");
    }
    tools.add(cairn(AUTO, "cairn, auto", command, List.of(), full));
    if (help.contains("--chunk-size")) {
      tools.add(
          cairn(FINE, "cairn, auto, 64 KiB", command, List.of("--chunk-size", "64KiB"), full));
    } else {
      System.out.println("cairn, auto, 64 KiB: skipped, this `cairn save` has no --chunk-size");
    }
    return tools;
  }

  private static Tool cairn(
      String id, String title, String command, List<String> options, List<String> full) {
    var save = new ArrayList<>(List.of(command, "save", "--json", "--job", "bench"));
    save.addAll(options);
    save.add(".");
    var verify = new ArrayList<>(List.of(command, "checkpoints", "verify"));
    verify.addAll(full);
    verify.add("bench");
    var commands =
        new Tool.Commands(
            Map.of("CAIRN_STORE", "{store}"),
            List.of(),
            save,
            verify,
            List.of(command, "checkpoints", "restore", "bench", "--to", "."));
    return new Tool(id, title, "by itself, saves and restores", List.of(), commands, false);
  }

  /// @param force a command that forces the directory that comes as its argument
  private static Tool copy(String id, String title, String forces, String force) {
    return whole(
        id,
        title,
        forces,
        List.of("cp", "find", "sync"),
        "cp -r . \"$0/$1\" && " + force.formatted("\"$0\""),
        List.of(),
        "cp -r \"$0/$1/.\" . && " + force.formatted("."));
  }

  private static Tool tar() {
    return whole(
        "tar",
        "`tar -S \\| zstd -1`, fsync",
        "fsync of the file, syncfs after a restore",
        List.of("tar", "zstd", "sync"),
        "tar -S -cf - . | zstd -q -1 -o \"$0/$1\" && sync \"$0/$1\" \"$0\"",
        List.of("zstd", "-q", "-t", "-f", "{store}/{n}"),
        "zstd -q -dc \"$0/$1\" | tar -xf - && sync -f .");
  }

  private static Tool whole(
      String id,
      String title,
      String forces,
      List<String> needs,
      String save,
      List<String> verify,
      String restore) {
    var commands =
        new Tool.Commands(
            Map.of(),
            List.of(),
            List.of("sh", "-c", save, "{store}", "{n}"),
            verify,
            List.of("sh", "-c", restore, "{store}", "{n}"));
    return new Tool(id, title, forces, needs, commands, true);
  }

  private static Tool restic() {
    var commands =
        new Tool.Commands(
            Map.of(
                "RESTIC_REPOSITORY", "{store}",
                "RESTIC_PASSWORD", "bench",
                "RESTIC_CACHE_DIR", "{cache}"),
            List.of("restic", "-q", "init"),
            List.of("restic", "-q", "backup", "."),
            List.of("restic", "-q", "check", "--read-data"),
            List.of("restic", "-q", "restore", "latest", "--target", "."));
    return new Tool(
        RESTIC, "restic", "saves by itself, restores not", List.of("restic"), commands, false);
  }

  private static Tool borg(String id, String compression) {
    var commands =
        new Tool.Commands(
            Map.of(
                "BORG_REPO", "{store}/repository",
                "BORG_BASE_DIR", "{cache}",
                "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes"),
            List.of("borg", "init", "--encryption", "none"),
            List.of("borg", "create", "--compression", compression, "::{n}", "."),
            List.of("borg", "check", "--verify-data"),
            List.of("borg", "extract", "--sparse", "::{n}"));
    return new Tool(
        id,
        "borg, " + compression,
        "saves by itself, restores not",
        List.of("borg"),
        commands,
        false);
  }

  private static Tool casync() {
    String chunks = "--store={store}/chunks.castr";
    var commands =
        new Tool.Commands(
            Map.of(),
            List.of(),
            List.of(
                "sh",
                "-c",
                "casync \"$@\" && sync -f \"$0\"",
                "{store}",
                "make",
                chunks,
                "{store}/{n}.caidx",
                "."),
            List.of(),
            List.of("casync", "extract", chunks, "{store}/{n}.caidx", "."));
    return new Tool(
        "casync",
        "casync, saves with `sync -f`",
        "nothing by itself",
        List.of("casync", "sync"),
        commands,
        false);
  }
}
