package dev.cairn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The explicit list of commands, and that help, README and docs tell the same.
class CommandsTest {
  /// They run or print something else than an answer.
  private static final Set<String> WITHOUT_JSON =
      Set.of("run", "completion", "checkpoints cat", "jobs", "checkpoints", "");

  /// A command line: at the start of a line of code.
  private static final Pattern USE =
      Pattern.compile(
          "^ *(?:\\$ |source <\\(|\\./)?cairn ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", Pattern.MULTILINE);

  private static final CommandLine TREE =
      Commands.tree(
          new Cli(Path.of("").toAbsolutePath())
              .context(new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter())));

  @Test
  void every_class_that_is_a_command_is_registered() {
    Set<String> registered =
        all().stream()
            .map(line -> line.getCommandSpec().userObject().getClass().getName())
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> written =
        new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.cairn.cli")
                .stream()
                .filter(type -> type.isAnnotatedWith(Command.class))
                .map(JavaClass::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    assertThat(written).as("add the missing ones to the lists in Commands").isEqualTo(registered);
  }

  @Test
  void every_command_is_listed_by_its_own_name() {
    for (CommandLine line : all()) {
      line.getSubcommands()
          .forEach((name, sub) -> assertThat(sub.getCommandSpec().name()).isEqualTo(name));
    }
  }

  @Test
  void every_command_and_every_option_is_described() {
    for (CommandLine line : all()) {
      CommandSpec spec = line.getCommandSpec();
      assertThat(spec.usageMessage().description()).as(spec.qualifiedName()).isNotEmpty();
      for (OptionSpec option : spec.options()) {
        assertThat(String.join("", option.description()))
            .as("%s %s", spec.qualifiedName(), option.longestName())
            .isNotEmpty()
            .endsWith(".");
      }
      spec.positionalParameters()
          .forEach(parameter ->
              assertThat(String.join("", parameter.description()))
                  .as("%s %s", spec.qualifiedName(), parameter.paramLabel())
                  .isNotEmpty());
    }
  }

  @Test
  void every_command_has_help_that_fits_a_terminal(@TempDir Path directory) {
    var cairn = new Cli(directory);
    for (CommandLine line : all()) {
      var words = new ArrayList<>(words(line));
      words.add("--help");
      String help = cairn.run(words.toArray(String[]::new)).ok().out();
      assertThat(help).startsWith("Usage: " + line.getCommandSpec().qualifiedName());
      assertThat(help.lines()).allMatch(text -> text.length() <= 120);
    }
  }

  @Test
  void a_group_of_commands_and_the_whole_explain_themselves(@TempDir Path directory) {
    var cairn = new Cli(directory);
    assertThat(cairn.run().ok().out()).contains("Usage: cairn", "run", "checkpoints");
    assertThat(cairn.run("jobs").ok().out()).contains("Usage: cairn jobs", "resume");
    assertThat(cairn.run("checkpoints").ok().out()).contains("verify");
    assertThat(cairn.run("--version").ok().out()).matches("cairn \\S+\\R");
    cairn.run("job").fails(2, "job", "cairn jobs");
  }

  @Test
  void every_command_that_answers_has_json() {
    for (CommandLine line : all()) {
      boolean json = line.getCommandSpec().findOption("--json") != null;
      assertThat(json).as(name(line)).isEqualTo(!WITHOUT_JSON.contains(name(line)));
    }
  }

  @Test
  void the_reference_names_every_command_and_no_other() throws Exception {
    Set<String> commands = leaves();
    String reference = doc("docs/cli.md");
    Set<String> documented = new TreeSet<>();
    reference
        .lines()
        .filter(line -> line.startsWith("| `cairn "))
        .forEach(line -> documented.addAll(namesInRow(line.substring(2, line.indexOf('|', 2)))));
    assertThat(documented).isEqualTo(commands);
  }

  /// `cairn jobs show JOB`, `history JOB` name two commands of one group.
  private static List<String> namesInRow(String cell) {
    var names = new ArrayList<String>();
    String group = "";
    Matcher code = Pattern.compile("`([^`]*)`").matcher(cell);
    while (code.find()) {
      String text =
          code.group(1).startsWith("cairn ") ? code.group(1).substring(6) : group + code.group(1);
      String name = commandIn(text);
      group = name.contains(" ") ? name.substring(0, name.indexOf(' ') + 1) : "";
      names.add(name);
    }
    return names;
  }

  @Test
  void every_command_line_in_readme_and_docs_exists() throws Exception {
    for (String file : docs()) {
      Matcher use = USE.matcher(codeOf(doc(file)));
      while (use.find()) {
        String first = use.group(1).split(" ", -1)[0];
        assertThat(
                leaves().stream()
                    .anyMatch(name -> name.equals(first) || name.startsWith(first + " ")))
            .as("%s: cairn %s", file, use.group(1))
            .isTrue();
        CommandLine group = TREE.getSubcommands().get(first);
        if (group != null && !group.getSubcommands().isEmpty() && use.group(1).contains(" ")) {
          assertThat(group.getSubcommands())
              .as("%s: cairn %s", file, use.group(1))
              .containsKey(use.group(1).split(" ", -1)[1]);
        }
      }
    }
  }

  @Test
  void every_option_in_readme_and_docs_exists() throws Exception {
    Set<String> known =
        all().stream()
            .flatMap(line -> line.getCommandSpec().options().stream())
            .flatMap(option ->
                Stream.concat(
                    Stream.of(option.names()),
                    Stream.of(
                        option.negatable()
                            ? option.longestName().replace("--", "--no-")
                            : "--help")))
            .collect(Collectors.toSet());
    for (String file : List.of("README.md", "docs/cli.md")) {
      for (String line :
          codeOf(doc(file)).lines().filter(text -> text.contains("cairn ")).toList()) {
        String ours = line.replaceFirst(" -- .*", "").replaceFirst("./check .*", "");
        Matcher option = Pattern.compile("(?<!\\S)\\[?(--[a-z][a-z-]+)").matcher(ours);
        while (option.find()) {
          assertThat(known).as("%s: %s", file, line).contains(option.group(1));
        }
      }
    }
  }

  @Test
  void readme_shows_the_commands_that_people_begin_with() throws Exception {
    assertThat(doc("README.md"))
        .contains(
            "cairn run ",
            "cairn save ",
            "cairn demo",
            "cairn jobs list",
            "cairn checkpoints restore");
  }

  private static String commandIn(String text) {
    String[] words = text.split(" ", -1);
    CommandLine at = TREE;
    var name = new ArrayList<String>();
    for (String word : words) {
      CommandLine next = at.getSubcommands().get(word);
      if (next == null) {
        break;
      }
      name.add(word);
      at = next;
    }
    if (name.isEmpty()) {
      return fail("docs/cli.md names `%s`, which is no command".formatted(text));
    }
    return String.join(" ", name);
  }

  /// Code blocks and code spans.
  private static String codeOf(String markdown) {
    var code = new StringBuilder();
    Matcher matcher =
        Pattern.compile("```[a-z]*\\n(.*?)```|`([^`\\n]+)`", Pattern.DOTALL).matcher(markdown);
    while (matcher.find()) {
      code.append(matcher.group(1) == null ? matcher.group(2) : matcher.group(1)).append('\n');
    }
    return code.toString();
  }

  private static List<String> docs() throws IOException {
    try (var files = Files.list(root().resolve("docs"))) {
      return Stream.concat(
              Stream.of("README.md", "CONTRIBUTING.md"),
              files.map(file -> "docs/" + file.getFileName()).filter(name -> name.endsWith(".md")))
          .toList();
    }
  }

  private static String doc(String name) throws IOException {
    return Files.readString(root().resolve(name));
  }

  private static Path root() {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.exists(at.resolve("docs/cli.md"))) {
        return at;
      }
    }
    return fail("the tests do not run in a checkout");
  }

  private static Set<String> leaves() {
    return all().stream()
        .filter(line -> line.getSubcommands().isEmpty())
        .map(CommandsTest::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<CommandLine> all() {
    var found = new ArrayList<CommandLine>();
    found.add(TREE);
    for (int i = 0; i < found.size(); i++) {
      found.addAll(found.get(i).getSubcommands().values());
    }
    return found;
  }

  private static List<String> words(CommandLine line) {
    String name = name(line);
    return name.isEmpty() ? List.of() : List.of(name.split(" ", -1));
  }

  private static String name(CommandLine line) {
    return line.getCommandSpec().qualifiedName().substring("cairn".length()).strip();
  }
}
