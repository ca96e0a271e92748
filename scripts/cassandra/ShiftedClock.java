/** A clock that is off by a fixed time, for `-Dcassandra.clock=ShiftedClock`. */
public final class ShiftedClock implements org.apache.cassandra.utils.Clock {
  private static final long AHEAD_MS = Long.getLong("mysimbdp.clock.ahead.ms");

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long currentTimeMillis() {
    return System.currentTimeMillis() + AHEAD_MS;
  }
}
