package dev.agentspan.conformance;

/** What the runner tells the driver. */
final class Setting {
  private Setting() {}

  static String of(String name) {
    String value = System.getenv("CONFORMANCE_" + name);
    if (value == null) {
      throw new IllegalStateException("CONFORMANCE_" + name + " is not set.");
    }
    return value;
  }
}
