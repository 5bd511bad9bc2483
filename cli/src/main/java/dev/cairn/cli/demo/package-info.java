/// `cairn demo`: a real training, killed in every way, and what Cairn makes of it.
///
/// Two halves that know nothing of each other. [Trainer] and what it uses stand for a user's own
/// program: it trains a classifier, saves as it goes, and has never heard of Cairn. [DemoCommand]
/// and what it uses run it under `cairn run`, in processes of their own, and break things.
@NullMarked
package dev.cairn.cli.demo;

import org.jspecify.annotations.NullMarked;
