package dev.cairn.repository;

/// How probable it is that a check of some chunks, chosen at random, hits damage.
///
/// With `read` of `chunks` chosen without replacement, and `k` of them damaged, the number of
/// damaged ones among those read has the hypergeometric distribution, so at least one is found with
///
/// ```
/// 1 - (n-m)/n · (n-m-1)/(n-1) · … · (n-m-k+1)/(n-k+1),     n = chunks, m = read
/// ```
///
/// which with many chunks is about `1 - (1 - m/n)^k`. Damage that comes in runs hits neighbours,
/// and chunks are chosen independently of their neighbours, so that makes no difference. Source:
/// Ateniese et al., "Provable Data Possession at Untrusted Stores", ACM CCS 2007, who ask for the
/// number read.
///
/// @param chunks how many there are, at least 0
/// @param read how many of them were read, at most all
public record Detection(long chunks, long read) {
  public Detection {
    if (read < 0 || read > chunks) {
      throw new IllegalArgumentException(read + " of " + chunks);
    }
  }

  /// The probability of finding at least one of `damaged` damaged chunks.
  ///
  /// @param damaged at most as many as there are
  public double of(long damaged) {
    if (damaged < 0 || damaged > chunks) {
      throw new IllegalArgumentException(damaged + " of " + chunks);
    }
    double missed = 1;
    for (long i = 0; i < damaged && missed > 0; i++) {
      missed *= missing(i);
    }
    return 1 - missed;
  }

  /// The least number of damaged chunks that is found with this probability; 0 if even all would
  /// not be, because nothing was read.
  ///
  /// @param probability above 0 and below 1
  public long damagedFor(double probability) {
    double missed = 1;
    for (long i = 0; i < chunks; i++) {
      missed *= missing(i);
      if (1 - missed >= probability) {
        return i + 1;
      }
    }
    return 0;
  }

  /// That damaged chunk number `i` is not read, if those before it are not.
  private double missing(long i) {
    return Math.max(0, (double) (chunks - read - i) / (chunks - i));
  }
}
