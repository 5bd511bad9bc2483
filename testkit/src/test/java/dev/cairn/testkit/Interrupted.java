package dev.cairn.testkit;

import dev.cairn.blob.BlobStore;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;

/// A store that does something else just before it puts an object: what a rival does meanwhile.
final class Interrupted {
  private final BlobStore blobs;
  private final Map<String, Runnable> before = new LinkedHashMap<>();
  private Runnable everyTime = () -> {};
  private boolean interrupted;

  Interrupted(BlobStore blobs) {
    this.blobs = blobs;
  }

  /// Runs `rival` once, before the next put of a name that starts like this.
  void before(String prefix, Runnable rival) {
    before.put(prefix, rival);
  }

  /// Runs `rival` before every put from now on, but its own.
  void beforeEveryPut(Runnable rival) {
    everyTime = rival;
  }

  BlobStore store() {
    return (BlobStore)
        Proxy.newProxyInstance(
            BlobStore.class.getClassLoader(),
            new Class<?>[] {BlobStore.class},
            (proxy, method, arguments) -> {
              if (method.getName().startsWith("put")) {
                interrupt((String) arguments[0]);
              }
              if (method.isDefault()) {
                return InvocationHandler.invokeDefault(proxy, method, arguments);
              }
              try {
                return method.invoke(blobs, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private void interrupt(String name) {
    if (!interrupted) {
      interrupted = true;
      everyTime.run();
      interrupted = false;
    }
    for (String prefix : before.keySet()) {
      if (name.startsWith(prefix)) {
        before.remove(prefix).run();
        return;
      }
    }
  }
}
