package dev.cairn;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// The packages of core form layers, and each knows only those below it:
///
/// ```
/// run → checkpoint → { repository, journal } → blob → env → domain
/// ```
class LayeringTest {
  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.cairn");

  @Test
  void every_package_uses_only_those_below_it() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .withOptionalLayers(true)
        .layer("run")
        .definedBy("dev.cairn.run..")
        .layer("checkpoint")
        .definedBy("dev.cairn.checkpoint..")
        .layer("repository")
        .definedBy("dev.cairn.repository..")
        .layer("journal")
        .definedBy("dev.cairn.journal..")
        .layer("blob")
        .definedBy("dev.cairn.blob..")
        .layer("env")
        .definedBy("dev.cairn.env..")
        .layer("domain")
        .definedBy("dev.cairn.domain..")
        .whereLayer("checkpoint")
        .mayOnlyAccessLayers("repository", "journal", "blob", "env", "domain")
        .whereLayer("repository")
        .mayOnlyAccessLayers("blob", "env", "domain")
        .whereLayer("journal")
        .mayOnlyAccessLayers("blob", "env", "domain")
        .whereLayer("blob")
        .mayOnlyAccessLayers("env", "domain")
        .whereLayer("env")
        .mayOnlyAccessLayers("domain")
        .whereLayer("domain")
        .mayNotAccessAnyLayer()
        .check(CORE);
  }

  @Test
  void core_knows_nothing_of_the_modules_built_on_it() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.cairn.cli..", "dev.cairn.testkit..", "dev.cairn.bench..")
        .allowEmptyShould(true)
        .check(CORE);
  }

  @Test
  void core_logs_through_slf4j_only() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("java.util.logging..")
        .allowEmptyShould(true)
        .check(CORE);
  }
}
