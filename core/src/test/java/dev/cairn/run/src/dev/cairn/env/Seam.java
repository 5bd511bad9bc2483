package dev.cairn.env;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks where Cairn touches the real world: the clock, randomness, threads, files, the process.
///
/// All other code does so through [Env] and [Disk]; the build refuses it the JDK's own ways
/// (`config/forbidden-apis`). Each nested class needs the mark for itself.
@Documented
@Retention(RetentionPolicy.CLASS)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.CONSTRUCTOR, ElementType.FIELD})
public @interface Seam {}
