package dev.cairn.testkit;

import dev.cairn.env.Disk;
import dev.cairn.env.Disk.DiskFile;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/// A disk as a process sees it that is killed at some call: nothing that it does from there on
/// reaches the disk below, which lives on.
final class KilledDisk {
  /// The process is dead: no call returns any more.
  static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  private volatile boolean dead;

  private KilledDisk() {}

  /// @param call the first that is not made any more, counted from 1 as `disk` counts
  static Disk at(long call, CrashingDisk disk) {
    var killed = new KilledDisk();
    disk.failAt(
        call,
        When.BEFORE,
        () -> {
          killed.dead = true;
          throw new Killed();
        });
    return killed.wrap(Disk.class, disk);
  }

  private <T> T wrap(Class<T> type, T wrapped) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) -> {
              if (dead) {
                throw new Killed();
              }
              try {
                Object answer = method.invoke(wrapped, arguments);
                return answer instanceof DiskFile file ? wrap(DiskFile.class, file) : answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
