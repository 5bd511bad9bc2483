package dev.cairn.domain;

import org.jspecify.annotations.Nullable;

/// Everything that can go wrong and is not a bug: one family, one kind for each thing a caller can
/// do about it.
///
/// The message says what happened, to what, and what it means for the user's data; the advice is
/// the next thing to type. Neither ever contains a secret.
public abstract sealed class CairnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String advice;

  private CairnException(String message, String advice, @Nullable Throwable cause) {
    super(message, cause);
    this.advice = advice;
  }

  /// What to do next, as a sentence or a command line; empty when there is nothing to say.
  public String advice() {
    return advice;
  }

  /// The job, checkpoint, object or file that was named does not exist.
  public static final class NotFound extends CairnException {
    private static final long serialVersionUID = 1L;

    public NotFound(String message, String advice) {
      super(message, advice, null);
    }
  }

  /// A newer attempt, a resume or its own end has displaced this attempt: it must publish nothing.
  public static final class Fenced extends CairnException {
    private static final long serialVersionUID = 1L;

    public Fenced(String message) {
      super(message, "", null);
    }
  }

  /// The present state forbids the request: the job is held, finished, or the name is taken.
  public static final class Conflict extends CairnException {
    private static final long serialVersionUID = 1L;

    public Conflict(String message, String advice) {
      super(message, advice, null);
    }
  }

  /// Bytes in the store are not what was written there.
  public static final class Corrupt extends CairnException {
    private static final long serialVersionUID = 1L;

    public Corrupt(String message, String advice) {
      super(message, advice, null);
    }
  }

  /// The request itself is wrong: an id, an option, a file that cannot be carried.
  public static final class Invalid extends CairnException {
    private static final long serialVersionUID = 1L;

    public Invalid(String message, String advice) {
      super(message, advice, null);
    }
  }

  /// The store or the file system did not do it now. For an append the outcome is unknown.
  public static final class Unavailable extends CairnException {
    private static final long serialVersionUID = 1L;

    private final boolean full;

    public Unavailable(String message, String advice, @Nullable Throwable cause) {
      this(message, advice, cause, false);
    }

    private Unavailable(String message, String advice, @Nullable Throwable cause, boolean full) {
      super(message, advice, cause);
      this.full = full;
    }

    /// No space or quota left at the place that the message names.
    public static Unavailable full(String message, @Nullable Throwable cause) {
      return new Unavailable(
          message, "Free some space there; what was saved before is untouched.", cause, true);
    }

    /// Whether the reason is a full disk or quota: such a job is paused, not failed.
    public boolean isFull() {
      return full;
    }
  }

  /// Not allowed: no permission, or a read-only place.
  public static final class Denied extends CairnException {
    private static final long serialVersionUID = 1L;

    public Denied(String message, String advice, @Nullable Throwable cause) {
      super(message, advice, cause);
    }
  }

  /// The caller was interrupted, or asked to stop.
  public static final class Cancelled extends CairnException {
    private static final long serialVersionUID = 1L;

    public Cancelled(String message) {
      super(message, "", null);
    }
  }
}
