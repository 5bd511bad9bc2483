package dev.cairn.run;

import dev.cairn.domain.Event;
import dev.cairn.domain.Heartbeat;
import dev.cairn.domain.Progress;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// A command as a process of this machine ([ChildProcess]) with a pipe by which it tells how far it
/// is ([Notify]), whose path it gets as `CAIRN_NOTIFY`.
public record OsProgram(Command command, Env env, Disk disk, Host host) implements Program {
  @Override
  public String name() {
    return command.program();
  }

  @Override
  public Path directory() {
    return command.directory();
  }

  @Override
  public void requireStartable() {
    command.resolve();
  }

  @Override
  public Child start(Map<String, String> variables) {
    Notify notify = Notify.open(env, disk, host);
    try {
      Command told = command.with(variables).with(Map.of("CAIRN_NOTIFY", notify.path().toString()));
      return new Running(ChildProcess.start(told, host, env), notify);
    } catch (RuntimeException e) {
      notify.close();
      throw e;
    }
  }

  @Override
  public boolean endOrphan(Heartbeat.Child child) {
    return ChildProcess.endOrphan(child, host, env);
  }

  @Override
  public boolean endStopped(Event.Owner owner) {
    return ChildProcess.endStopped(owner, host, env);
  }

  private record Running(ChildProcess process, Notify pipe) implements Child {
    @Override
    public Heartbeat.Child group() {
      return process.group();
    }

    @Override
    public OptionalInt waitFor(Duration limit) {
      return process.waitFor(limit);
    }

    @Override
    public void signal(int signal) {
      process.signal(signal);
    }

    @Override
    public Map<String, String> openFiles(Path root) {
      return OpenFiles.below(root, process.group().group());
    }

    @Override
    public Progress progress() {
      return pipe.progress();
    }

    @Override
    public long savedCount() {
      return pipe.savedCount();
    }

    @Override
    public Optional<String> warning() {
      return pipe.warning();
    }

    @Override
    public void end() {
      process.end(Duration.ZERO);
    }

    @Override
    public void close() {
      try {
        end();
      } finally {
        pipe.close();
      }
    }
  }
}
