package dev.cairn.testkit.interleaving;

import dev.cairn.testkit.interleaving.Interleavings.Part;
import dev.cairn.testkit.interleaving.Interleavings.Play;
import java.util.List;

/// The plays. In most of them everybody has read the journal when the play begins, so that what is
/// tried out is who acts when, and not who reads when.
final class Plays {
  private static final Part INLINE = past(1, false);
  private static final Part INLINE_2 = past(2, false);
  private static final Part FILES = past(1, true);
  private static final Part FILES_2 = past(2, true);

  private Plays() {}

  /// Small ones, for every build.
  static List<Play> small() {
    return List.of(
        beating("two claimants, from the start", INLINE, worker("a"), worker("b")),
        play("two claimants", INLINE, open(worker("a")), open(worker("b"))),
        losing(
            "two claimants, an answer lost",
            INLINE,
            open(worker("a")),
            open(idler("b")).loses(false)),
        play("two claimants with files", FILES, open(filer("a")), open(filer("b"))),
        play(
            "two claimants and a zombie",
            INLINE,
            zombie(worker("zombie")),
            looked(impatient("a")),
            looked(idler("b"))),
        play("a claimant and a zombie", INLINE, zombie(worker("zombie")), looked(worker("a"))),
        play(
            "a claimant and a zombie with files", FILES, zombie(filer("zombie")), open(filer("a"))),
        play("a claimant and a pruner", INLINE_2, open(worker("a")), open(pruner())),
        play("a claimant and a pruner with files", FILES_2, open(filer("a")), open(pruner())),
        play(
            "a claimant, a zombie, a pruner",
            INLINE_2,
            zombie(worker("zombie")),
            open(pruner()),
            looked(impatient("a"))),
        play(
            "two claimants, a zombie, a pruner",
            INLINE_2,
            zombie(worker("zombie")),
            open(pruner()),
            looked(vanisher("a")),
            looked(vanisher("b"))),
        play("a claimant and one who pins", FILES_2, open(saver("a", 2)), open(pinner())),
        play(
            "a claimant, a zombie and one who pins, with files",
            FILES,
            zombie(filer("zombie")),
            looked(filer("a")),
            open(pinner())),
        play("a claimant and one who rewinds", INLINE_2, open(worker("a")), open(rewinder())),
        trimming("a claimant and one who deletes", FILES, open(filer("a")), open(deleter())));
  }

  /// Larger ones, for whoever has the time.
  static List<Play> large() {
    return List.of(
        losing("two claimants, any answer lost", INLINE, open(worker("a")), open(worker("b"))),
        losing(
            "a pruner and a claimant with files, any answer lost",
            FILES_2,
            open(filer("a")),
            open(pruner())),
        play(
            "two claimants and a zombie, all save",
            INLINE,
            zombie(worker("zombie")),
            open(worker("a")),
            open(worker("b"))));
  }

  private static Part past(int checkpoints, boolean files) {
    return Part.of("past", Scripts.past(checkpoints, files)).from("the end");
  }

  private static Part worker(String name) {
    return Part.of(name, Scripts.worker(false, 1));
  }

  private static Part impatient(String name) {
    return Part.of(name, Scripts.impatient(false, 1));
  }

  /// One who claims and hands back, and does nothing between.
  private static Part idler(String name) {
    return Part.of(name, Scripts.impatient(false, 0));
  }

  /// One who claims, and is not heard of again.
  private static Part vanisher(String name) {
    return Part.of(name, Scripts.vanisher());
  }

  private static Part filer(String name) {
    return Part.of(name, Scripts.worker(true, 1));
  }

  private static Part saver(String name, int saves) {
    return Part.of(name, Scripts.worker(false, saves));
  }

  private static Part pruner() {
    return Part.of("pruner", Scripts.pruner());
  }

  private static Part pinner() {
    return Part.of("person", Scripts.pinner());
  }

  private static Part rewinder() {
    return Part.of("person", Scripts.rewinder());
  }

  private static Part deleter() {
    return Part.of("person", Scripts.deleter());
  }

  private static Part open(Part part) {
    return part.from("open");
  }

  /// One who has looked once at the holder when the play begins.
  private static Part looked(Part part) {
    return part.from("looked");
  }

  /// One who has the job when the play begins, and is about to save.
  private static Part zombie(Part part) {
    return part.from("saving");
  }

  private static Play play(String name, Part... cast) {
    return new Play(name, Scripts.JOB, List.of(cast), 0, false, false);
  }

  private static Play beating(String name, Part... cast) {
    return new Play(name, Scripts.JOB, List.of(cast), 0, false, true);
  }

  private static Play losing(String name, Part... cast) {
    return new Play(name, Scripts.JOB, List.of(cast), 1, false, false);
  }

  private static Play trimming(String name, Part... cast) {
    return new Play(name, Scripts.JOB, List.of(cast), 0, true, false);
  }
}
