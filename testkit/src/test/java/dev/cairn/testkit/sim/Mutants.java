package dev.cairn.testkit.sim;

import java.util.List;

/// All mutants. A new one is one more method in the list.
final class Mutants {
  private static final String STATE = "domain/JobState.java";
  private static final String BLOB_JOURNAL = "journal/BlobJournal.java";
  private static final String JOB_LOG = "journal/JobLog.java";
  private static final String HISTORY = "journal/History.java";
  private static final String WATCHER = "journal/Watcher.java";
  private static final String ATTEMPT = "journal/Attempt.java";
  private static final String DISK_STORE = "blob/DiskBlobStore.java";
  private static final String CHECKPOINTER = "checkpoint/Checkpointer.java";
  private static final String CANDIDATES = "checkpoint/Candidates.java";
  private static final String FORKER = "checkpoint/Forker.java";
  private static final String REPOSITORY = "repository/Repository.java";
  private static final String PACK_WRITER = "repository/PackWriter.java";
  private static final String ASSEMBLY = "repository/Assembly.java";
  private static final String COPYING = "repository/Copying.java";
  private static final String SAVING = "repository/Saving.java";
  private static final String SUPERVISOR = "run/Supervisor.java";
  private static final String ATTEMPT_RUN = "run/AttemptRun.java";

  private Mutants() {}

  static List<Mutant> all() {
    return List.of(
        noFenceCheck(),
        entryBeforePacks(),
        renameInPlaceOfLink(),
        appendThatIsNotIdempotent(),
        controlEntryAsFence(),
        noLookAtPacksAfterALostRace(),
        sweepOfNewerTokens(),
        oneHeartbeatForAll(),
        holdersClockTrusted(),
        verdictOfAnyToken(),
        restoreBeforeClaim(),
        trimThatFreesANumber(),
        attemptThatOutlivesItsEnd(),
        resumeThatFencesNobody(),
        rewindPointLetGo(),
        cancelLostOverACrash(),
        maintenanceOnARunningJob(),
        unreadableEntrySkipped(),
        packNamesThatRepeat(),
        pendingPacksDeleted(),
        foreignEntriesUnconfirmed(),
        forkThatCopiesBeforeItClaims(),
        noLookAfterTheForce(),
        watcherThatCountsItsOwnSleep(),
        filesNotForced(),
        directoriesNotForced());
  }

  private static Mutant noFenceCheck() {
    return Mutant.of("no fence check")
        .edit(STATE, "if (!held || token != author) {", "if (author < 0) {")
        .in("zombies")
        .foundWithin(10, "displaced_attempts_are_silent", "ended_attempts_are_silent");
  }

  /// Nobody waits until the last pack is durable.
  private static Mutant entryBeforePacks() {
    return Mutant.of("journal entry before packs")
        .edit(SAVING, "Arena.ofShared()", "Arena.ofAuto()")
        .edit(SAVING, "    arena.close();\n", "")
        .edit(COPYING, "Arena.ofShared()", "Arena.ofAuto()")
        .edit(COPYING, "    arena.close();\n", "")
        .edit(ASSEMBLY, "    packs.awaitPut();\n", "")
        .edit(PACK_WRITER, "    putting.forEach(put -> put.fork.abandon());\n", "")
        .foundWithin(5, "visible_checkpoints_are_whole");
  }

  /// Looks whether the name is free, then takes it.
  private static Mutant renameInPlaceOfLink() {
    return Mutant.of("rename in place of link")
        .edit(
            DISK_STORE,
            "won = disk.link(temporary, target) || linkedAfterAll(temporary);",
            """
            won = disk.stat(target).isEmpty();
            if (won) {
              disk.rename(temporary, target);
            }
            """)
        .in("throng")
        .foundWithin(10, "numbers_have_one_writer");
  }

  /// What was not answered is appended once more, as something new.
  private static Mutant appendThatIsNotIdempotent() {
    return Mutant.of("append that is not idempotent")
        .edit(
            JOB_LOG,
            "if (entry != null && put(entry) && entry.event() instanceof Event.End) {",
            """
            pending = null;
            if (entry != null) {
              readOn();
              append(entry.after().token(), _ -> entry.event());
            }
            if (entry != null && entry.number() == 0) {
            """)
        .foundWithin(30, "checkpoints_form_a_line");
  }

  private static Mutant controlEntryAsFence() {
    return Mutant.of("control entry as fence")
        .edit(
            STATE,
            "requireExisting();\n        yield this;",
            "requireExisting();\n        yield edit().held(false).build();")
        .foundWithin(10, "control_displaces_nobody");
  }

  private static Mutant noLookAtPacksAfterALostRace() {
    return Mutant.of("no look at packs after a lost race")
        .edit(CHECKPOINTER, "if (history.last() != decided) {", "if (history.last() < 0) {")
        .in("janitor")
        .foundWithin(5, "visible_checkpoints_are_whole");
  }

  private static Mutant sweepOfNewerTokens() {
    return Mutant.of("prune by somebody who does not hold")
        .edit(REPOSITORY, "name.token() <= token && ", "")
        .in("latecomers")
        .foundWithin(5, "what_is_needed_stays", "visible_checkpoints_are_whole");
  }

  private static Mutant oneHeartbeatForAll() {
    return Mutant.of("one heartbeat for all attempts")
        .edit(
            BLOB_JOURNAL,
            "\"/heartbeat/\" + heartbeat.token() + \".json\",",
            "\"/heartbeat/all.json\",")
        .edit(BLOB_JOURNAL, "\"/heartbeat/\" + token + \".json\")", "\"/heartbeat/all.json\")")
        .edit(BLOB_JOURNAL, " && name.endsWith(\"/\" + heartbeat.token() + \".json\")", "")
        .foundWithin(10, "spend_never_shrinks");
  }

  /// Dead is whose newest entry is older than the lease, by the two clocks on the wall.
  private static Mutant holdersClockTrusted() {
    return Mutant.of("holder's clock trusted")
        .edit(
            WATCHER,
            "    if (!now.equals(seen)) {",
            """
            boolean old =
                journal.last(log.job())
                    .filter(s -> s instanceof Journal.Slot.Readable r
                        && r.entry().at().plus(lease()).isBefore(env.now()))
                    .isPresent();
            if (old) {
              return verdict("it is old");
            }
            if (!now.equals(seen)) {
            """)
        .foundWithin(5, "only_the_dead_are_displaced");
  }

  private static Mutant verdictOfAnyToken() {
    return Mutant.of("verdict not bound to the token")
        .edit(
            ATTEMPT,
            "return history.state().token() == token && history.last() == last;",
            "return true;")
        .in("zombies")
        .foundWithin(15, "only_the_dead_are_displaced");
  }

  private static Mutant restoreBeforeClaim() {
    return Mutant.of("restore before claim")
        .edit(
            SUPERVISOR,
            "    @Nullable Attempt claimed;\n",
            "    var chosen = log.history().lineage();\n    @Nullable Attempt claimed;\n")
        .edit(
            SUPERVISOR,
            "new AttemptRun(setup, attempt, directory)",
            "new AttemptRun(setup, attempt, directory, chosen)")
        .edit(
            ATTEMPT_RUN,
            "  AttemptRun(Setup setup, Attempt attempt, WatchedDirectory directory) {",
            """
            private final List<Published> chosen;

            AttemptRun(
                Setup setup, Attempt attempt, WatchedDirectory directory, List<Published> chosen) {
              this.chosen = chosen;
            """)
        .edit(ATTEMPT_RUN, "attempt.log().history().lineage().stream()", "chosen.stream()")
        .foundWithin(15, "attempts_go_on_from_their_claim");
  }

  private static Mutant trimThatFreesANumber() {
    return Mutant.of("trim that frees a number")
        .edit(
            BLOB_JOURNAL,
            "blobs.put(name(tombstone.job(), tombstone.number()), Blob.of(SealedJson.seal(tombstone)));",
            "blobs.delete(name(tombstone.job(), tombstone.number()));")
        .foundWithin(20, "numbers_are_never_freed");
  }

  private static Mutant attemptThatOutlivesItsEnd() {
    return Mutant.of("attempt that outlives its end")
        .edit(STATE, "edit().status(to, why).held(false)", "edit().status(to, why)")
        .foundWithin(5, "control_displaces_nobody", "ended_attempts_are_silent");
  }

  private static Mutant resumeThatFencesNobody() {
    return Mutant.of("resume that fences nobody")
        .edit(STATE, ".held(false)\n        .requests(left)", ".requests(left)")
        .in("errands")
        .foundWithin(5, "control_displaces_nobody", "ended_attempts_are_silent");
  }

  private static Mutant rewindPointLetGo() {
    return Mutant.of("rewind point let go")
        .edit(CANDIDATES, ".ifPresent(needed::add);", ".isPresent();")
        .foundWithin(10, "retention_spares_what_is_needed");
  }

  private static Mutant cancelLostOverACrash() {
    return Mutant.of("cancel lost over a crash")
        .edit(
            STATE,
            "attempt + 1,\n          0,\n          requests,",
            "attempt + 1,\n          0,\n          without(Request.Kind.CANCEL),")
        .foundWithin(20, "requests_outlive_crashes");
  }

  private static Mutant maintenanceOnARunningJob() {
    return Mutant.of("maintenance claim on a running job")
        .edit(
            STATE,
            "    if (status == Status.RUNNING) {\n      throw conflict(\"is running\"",
            "    if (number < 0) {\n      throw conflict(\"is running\"")
        .in("errands")
        .foundWithin(10, "no_maintenance_on_a_running_job");
  }

  private static Mutant unreadableEntrySkipped() {
    return Mutant.of("unreadable entry skipped")
        .edit(HISTORY, "        broken = u;\n        unreadable.add(u);\n", "")
        .in("rot")
        .foundWithin(12, "nobody_skips_what_he_cannot_read");
  }

  /// Without nonce and token, a name says what is in the pack, and nothing of whose it is.
  private static Mutant packNamesThatRepeat() {
    return Mutant.of("pack names that repeat")
        .edit(
            PACK_WRITER,
            "filling.seal(token, env.randomBytes(Pack.NONCE_BYTES))",
            "filling.seal(1, new byte[Pack.NONCE_BYTES])")
        .in("latecomers")
        .foundWithin(5, "what_is_needed_stays", "visible_checkpoints_are_whole");
  }

  private static Mutant pendingPacksDeleted() {
    return Mutant.of("packs of a pending append deleted")
        .edit(
            CHECKPOINTER,
            "    Entry entry = publish(checkpoint, contents);\n",
            """
            Entry entry;
            try {
              entry = publish(checkpoint, contents);
            } catch (CairnException.Unavailable e) {
              tidy();
              throw e;
            }
            """)
        .foundWithin(20, "what_is_needed_stays", "visible_checkpoints_are_whole");
  }

  private static Mutant foreignEntriesUnconfirmed() {
    return Mutant.of("entries of others not confirmed")
        .edit(JOB_LOG, "if (last <= confirmed) {", "if (last >= 0) {")
        .in("blackouts")
        .foundWithin(30, "numbers_have_no_gaps");
  }

  /// The packs are put under the newest token that there is already.
  private static Mutant forkThatCopiesBeforeItClaims() {
    return Mutant.of("fork that copies before it claims")
        .edit(
            FORKER,
            "    Attempt attempt =\n        claimer\n",
            """
            var early =
                Optional.ofNullable(fork.original.manifest())
                    .map(manifest ->
                        store
                            .repository()
                            .copy(
                                fork.source.job(),
                                manifest,
                                to.job(),
                                Math.max(1, to.state().token()),
                                fork.meter));
            Attempt attempt =
                claimer
            """)
        .edit(FORKER, "published = fill(attempt, fork);", "published = fill(attempt, fork, early);")
        .edit(
            FORKER,
            "private Published fill(Attempt attempt, Fork fork) {",
            "private Published fill(Attempt attempt, Fork fork, Optional<Repository.Saved> early) {")
        .edit(FORKER, ".map(manifest -> copy(attempt, fork, manifest));", ".flatMap(_ -> early);")
        .in("forks")
        .foundWithin(40, "visible_checkpoints_are_whole", "what_is_needed_stays");
  }

  private static Mutant noLookAfterTheForce() {
    return Mutant.of("no look after the force")
        .edit(
            DISK_STORE,
            "if (stat.filter(s -> s.inode() == written.inode).isEmpty()) {",
            "if (written.inode < 0) {")
        .in("blackouts")
        .foundWithin(10, "what_is_acknowledged_stands", "what_is_acknowledged_lasts");
  }

  private static Mutant watcherThatCountsItsOwnSleep() {
    return Mutant.of("watcher that counts its own sleep")
        .edit(WATCHER, "if (asked - since < lease()", "if (env.nanos() - since < lease()")
        .in("idlers")
        .foundWithin(15, "only_the_dead_are_displaced");
  }

  private static Mutant filesNotForced() {
    return Mutant.of("files not forced")
        .edit(DISK_STORE, "      file.force();\n", "")
        .in("blackouts")
        .foundWithin(10, "entries_are_readable", "visible_checkpoints_are_whole");
  }

  private static Mutant directoriesNotForced() {
    return Mutant.of("directories not forced")
        .edit(DISK_STORE, "      disk.forceDirectory(folder(target));\n", "")
        .in("blackouts")
        .foundWithin(
            10,
            "what_is_acknowledged_lasts",
            "numbers_have_no_gaps",
            "visible_checkpoints_are_whole");
  }
}
