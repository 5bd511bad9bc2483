package dev.cairn.run;

import dev.cairn.checkpoint.Store;
import dev.cairn.env.Disk;
import dev.cairn.env.Env;
import dev.cairn.env.Host;
import java.util.function.Consumer;

/// What a command is run with: where, how, and who is told.
///
/// @param tell takes one sentence for people at a time
public record Setup(
    Store store,
    Disk disk,
    Env env,
    Host host,
    RunOptions options,
    Program program,
    Signals signals,
    Consumer<String> tell) {}
