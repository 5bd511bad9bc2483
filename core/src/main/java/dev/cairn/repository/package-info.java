/// File contents as chunks in packs, listed by manifests. Keeps I2 and I4.
@NullMarked
package dev.cairn.repository;

import org.jspecify.annotations.NullMarked;
