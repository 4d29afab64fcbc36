package dev.agentspan.worker;

/** Of this SDK, as it tells the server. */
final class Version {
  static final String SDK = "0.1.0";

  private Version() {}
}
