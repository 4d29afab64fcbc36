package dev.agentspan.worker;

/** What a probe found out. The detail is what was looked at and seen, in words for the person who may be asked next. */
public sealed interface ProbeAnswer {
  String detail();

  /** The effect happened, and this is the call's result. */
  static ProbeAnswer happened(Object result, String detail) {
    return new Happened(result, detail);
  }

  /** It did not happen by the time that the probe looked. */
  static ProbeAnswer didNotHappen(String detail) {
    return new DidNotHappen(detail);
  }

  /** The probe cannot tell. */
  static ProbeAnswer unknown(String detail) {
    return new Unknown(detail);
  }

  record Happened(Object result, String detail) implements ProbeAnswer {}

  record DidNotHappen(String detail) implements ProbeAnswer {}

  record Unknown(String detail) implements ProbeAnswer {}
}
