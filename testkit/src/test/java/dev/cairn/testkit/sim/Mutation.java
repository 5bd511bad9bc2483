package dev.cairn.testkit.sim;

import dev.cairn.testkit.sim.Mutant.Edit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// The library, compiled anew from changed sources, and the simulation on top of it: all of it
/// loaded once more, beside the classes that everybody else uses.
///
/// Thread-safe.
final class Mutation {
  private static final String OURS = "dev.cairn.";
  private static final String SOURCES = "core/src/main/java/dev/cairn";

  private final MethodHandle plays;

  private Mutation(Map<String, byte[]> changed) {
    try {
      Class<?> type = new Loader(changed).loadClass(Plays.class.getName());
      plays =
          MethodHandles.publicLookup()
              .findStatic(type, "run", MethodType.methodType(List.class, String.class, long.class));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The library as it is.
  static Mutation none() {
    return new Mutation(Map.of());
  }

  /// @throws AssertionError if the sources are no longer what the mutant changes
  static Mutation of(Mutant mutant) {
    var sources = new LinkedHashMap<String, String>();
    for (Edit edit : mutant.edits()) {
      String source = sources.computeIfAbsent(edit.file(), Mutation::read);
      int first = source.indexOf(edit.text());
      if (first < 0 || source.indexOf(edit.text(), first + 1) >= 0) {
        throw new AssertionError(
            "mutant '%s' no longer applies: %s must hold exactly once: %s"
                .formatted(mutant, edit.file(), edit.text()));
      }
      sources.put(edit.file(), source.replace(edit.text(), edit.instead()));
    }
    return new Mutation(compile(mutant, sources));
  }

  /// Plays one seed.
  ///
  /// @return what was violated, then the fingerprint; see [Plays#run]
  List<?> run(String play, long seed) {
    try {
      return (List<?>) plays.invoke(play, seed);
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  private static String read(String file) {
    try {
      return Files.readString(sources().resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path sources() {
    Path at = Path.of("").toAbsolutePath();
    while (at != null && !Files.isDirectory(at.resolve(SOURCES))) {
      at = at.getParent();
    }
    if (at == null) {
      throw new AssertionError("no sources of the library above the working directory");
    }
    return at.resolve(SOURCES);
  }

  private static Map<String, byte[]> compile(Mutant mutant, Map<String, String> sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var messages = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      var made = new Made(files);
      boolean good =
          compiler
              .getTask(
                  messages,
                  made,
                  null,
                  List.of("-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path")),
                  null,
                  sources.entrySet().stream()
                      .map(e -> new Source(e.getKey(), e.getValue()))
                      .toList())
              .call();
      if (!good) {
        throw new AssertionError("mutant '%s' does not compile: %s".formatted(mutant, messages));
      }
      return made.classes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A source in memory.
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String file, String text) {
      super(URI.create("string:///dev/cairn/" + file), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /// Keeps in memory what the compiler makes.
  private static final class Made extends ForwardingJavaFileManager<JavaFileManager> {
    private final Map<String, ByteArrayOutputStream> made = new HashMap<>();

    Made(JavaFileManager files) {
      super(files);
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
      var bytes = made.computeIfAbsent(name, _ -> new ByteArrayOutputStream());
      return new SimpleJavaFileObject(URI.create("mem:///" + name + kind.extension), kind) {
        @Override
        public OutputStream openOutputStream() {
          return bytes;
        }
      };
    }

    Map<String, byte[]> classes() {
      var classes = new HashMap<String, byte[]>();
      made.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
      return classes;
    }
  }

  /// Loads everything of ours itself: what was changed from memory, the rest from where it is.
  private static final class Loader extends ClassLoader {
    private final Map<String, byte[]> changed;

    Loader(Map<String, byte[]> changed) {
      super(Mutation.class.getClassLoader());
      this.changed = changed;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(OURS)) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : findClass(name);
      }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      byte[] bytes = changed.get(name);
      if (bytes == null) {
        bytes = present(name);
      }
      return defineClass(name, bytes, 0, bytes.length);
    }

    private byte[] present(String name) throws ClassNotFoundException {
      try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        return in.readAllBytes();
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
