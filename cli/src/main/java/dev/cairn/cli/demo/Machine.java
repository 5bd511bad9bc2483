package dev.cairn.cli.demo;

import dev.cairn.domain.JobId;
import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A pretended machine: a node's name and a directory of its own, on which the job's training runs
/// under `cairn run`. It shares nothing with the others but the store. Not thread-safe.
final class Machine {
  private static final String OURS = "cairn: ";
  private static final List<String> ROUTINE =
      List.of("saved ", "left out: ", "nothing captured yet");
  private static final Pattern FOLDER = Pattern.compile("step-(\\d{1,9})");
  private static final Pattern GOING_ON = Pattern.compile("trainer: going on after epoch (\\d+)");

  private final Setting setting;
  private final String name;
  private final JobId job;
  private final Path directory;
  private final Path log;
  private final List<String> said = new ArrayList<>();
  private String unfinished = "";
  private long read;
  private int heard;
  private @Nullable Process supervisor;

  Machine(Setting setting, String name, JobId job) {
    this.setting = setting;
    this.name = name;
    this.job = job;
    this.directory = setting.directory().resolve(name);
    this.log = setting.directory().resolve(name + ".log");
    setting.disk().createDirectories(directory);
  }

  String name() {
    return name;
  }

  JobId job() {
    return job;
  }

  Path watched() {
    return directory.resolve("digits");
  }

  /// Starts `cairn run`.
  void start() {
    supervisor =
        setting
            .programs()
            .start(
                setting.run(job, watched()),
                directory,
                log,
                Map.of("CAIRN_NODE", name, "XDG_RUNTIME_DIR", directory.toString()));
  }

  long pid() {
    return running().pid();
  }

  /// SIGTERM to `cairn run`.
  void stop() {
    running().destroy();
  }

  /// SIGKILL to `cairn run`.
  void kill() {
    running().destroyForcibly();
  }

  OptionalInt exitCode() {
    Process process = running();
    return process.isAlive() ? OptionalInt.empty() : OptionalInt.of(process.exitValue());
  }

  private Process running() {
    if (supervisor == null) {
      throw new IllegalStateException(name + " was never started");
    }
    return supervisor;
  }

  /// What has been said on it since its first start, by `cairn run` and by the training.
  List<String> said() {
    readOn();
    return said;
  }

  private void readOn() {
    long size = setting.disk().stat(log).map(Disk.FileStat::sizeBytes).orElse(0L);
    if (size == read) {
      return;
    }
    try (DiskFile file = setting.disk().open(log)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) (size - read));
      read += file.read(bytes, read);
      String[] lines = (unfinished + StandardCharsets.UTF_8.decode(bytes.flip())).split("\n", -1);
      said.addAll(List.of(lines).subList(0, lines.length - 1));
      unfinished = lines[lines.length - 1];
    }
  }

  /// What `cairn run` has said since the last call, without what it says all the time.
  List<String> news() {
    List<String> news =
        saidByCairn(heard).stream()
            .filter(line -> ROUTINE.stream().noneMatch(line::startsWith))
            .filter(line -> !line.startsWith("job " + job + ", store"))
            .toList();
    heard = said.size();
    return news;
  }

  /// What `cairn run` said from that line on.
  List<String> saidByCairn(int from) {
    List<String> all = said();
    return all.subList(Math.min(from, all.size()), all.size()).stream()
        .filter(line -> line.startsWith(OURS))
        .map(line -> line.substring(OURS.length()))
        .toList();
  }

  /// The epoch that the training said it goes on after, in the first such line from `from` on.
  OptionalInt wentOnAfter(int from) {
    List<String> all = said();
    for (String line : all.subList(Math.min(from, all.size()), all.size())) {
      Matcher matcher = GOING_ON.matcher(line);
      if (matcher.matches()) {
        return OptionalInt.of(Integer.parseInt(matcher.group(1)));
      }
      if (line.equals(Trainer.FROM_NOTHING)) {
        return OptionalInt.of(0);
      }
    }
    return OptionalInt.empty();
  }

  /// The newest epoch whose save is complete; 0 if there is none.
  int savedEpoch() {
    return newest(folder -> has(folder, Saves.DONE));
  }

  /// An epoch whose save is half-written: of the two files that take time, the second has been
  /// begun; 0 if there is none.
  int tornEpoch() {
    return newest(folder -> !has(folder, Saves.DONE) && has(folder, Saves.OPTIMIZER));
  }

  private int newest(Predicate<Path> such) {
    int newest = 0;
    for (Path folder : list()) {
      Matcher matcher = FOLDER.matcher(folder.toString());
      if (matcher.matches() && such.test(folder)) {
        newest = Math.max(newest, Integer.parseInt(matcher.group(1)));
      }
    }
    return newest;
  }

  /// Nothing while the directory is being exchanged for a restored one.
  private List<Path> list() {
    return setting.disk().stat(watched()).isEmpty() ? List.of() : setting.listed(watched());
  }

  private boolean has(Path folder, String file) {
    return setting.disk().stat(watched().resolve(folder).resolve(file)).isPresent();
  }

  /// The files of one save, such as `weights.bin 19,280 B, optimizer.bin 2,410 B`; empty if there
  /// are none.
  String describe(int epoch) {
    Path folder = watched().resolve("step-" + epoch);
    var files = new ArrayList<String>();
    for (Path file : setting.listed(folder).reversed()) {
      setting
          .disk()
          .stat(folder.resolve(file))
          .map(Disk.FileStat::sizeBytes)
          .ifPresent(size -> files.add(String.format(Locale.ROOT, "%s %,d B", file, size)));
    }
    return String.join(", ", files);
  }
}
