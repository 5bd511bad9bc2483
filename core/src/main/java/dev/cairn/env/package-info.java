/// The seams to the machine: time, randomness, threads and the disk. Everything else asks these.
@NullMarked
package dev.cairn.env;

import org.jspecify.annotations.NullMarked;
