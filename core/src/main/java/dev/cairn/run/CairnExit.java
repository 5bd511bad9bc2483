package dev.cairn.run;

import dev.cairn.domain.CairnException;

/// Exit codes of Cairn's own errors; `docs/cli.md` lists all.
public final class CairnExit {
  public static final int NO = 1;
  public static final int USAGE = 2;
  public static final int NOT_FOUND = 10;
  public static final int CONFLICT = 11;
  public static final int DENIED = 12;
  public static final int CORRUPT = 13;
  public static final int UNAVAILABLE = 14;
  public static final int CANCELLED = 130;

  /// `cairn run` itself failed, and not the command: its code is not one that commands use.
  public static final int OWN_ERROR = 125;

  private CairnExit() {}

  /// Of `cairn run`, whose other codes are those of the command.
  public static int ofRun(CairnException e) {
    return switch (e) {
      case CairnException.Invalid _ -> USAGE;
      case CairnException.Fenced _, CairnException.Conflict _ -> CONFLICT;
      case CairnException.Cancelled _ -> CANCELLED;
      case CairnException.NotFound _,
          CairnException.Denied _,
          CairnException.Corrupt _,
          CairnException.Unavailable _ ->
          OWN_ERROR;
    };
  }

  /// Of all other commands.
  public static int of(CairnException e) {
    return switch (e) {
      case CairnException.Invalid _ -> USAGE;
      case CairnException.NotFound _ -> NOT_FOUND;
      case CairnException.Fenced _, CairnException.Conflict _ -> CONFLICT;
      case CairnException.Denied _ -> DENIED;
      case CairnException.Corrupt _ -> CORRUPT;
      case CairnException.Unavailable _ -> UNAVAILABLE;
      case CairnException.Cancelled _ -> CANCELLED;
    };
  }
}
