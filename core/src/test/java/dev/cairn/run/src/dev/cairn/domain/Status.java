package dev.cairn.domain;

import com.fasterxml.jackson.annotation.JsonProperty;

/// Where a job stands. There are no other statuses; the reason says more.
public enum Status {
  /// Nobody holds it, anybody may.
  @JsonProperty("pending")
  PENDING,
  /// An attempt holds it.
  @JsonProperty("running")
  RUNNING,
  /// Held back by a person, a budget or a full disk: resumable.
  @JsonProperty("paused")
  PAUSED,
  /// Done. Never changes.
  @JsonProperty("completed")
  COMPLETED,
  /// Given up. Changes only by resume.
  @JsonProperty("failed")
  FAILED,
  /// Stopped for good by a person. Changes only by resume.
  @JsonProperty("cancelled")
  CANCELLED;

  /// Whether a person's resume makes it pending again.
  public boolean isResumable() {
    return this == PAUSED || this == FAILED || this == CANCELLED;
  }

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
