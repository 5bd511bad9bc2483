/// Named, immutable-by-convention byte objects in a flat name space: the store below journal and
/// repository.
@NullMarked
package dev.cairn.blob;

import org.jspecify.annotations.NullMarked;
