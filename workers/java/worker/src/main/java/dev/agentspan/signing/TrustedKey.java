package dev.agentspan.signing;

import java.security.PublicKey;
import java.time.Instant;

/** A public key; signatures of when it was retired and later are not believed. That is null where it never was. */
record TrustedKey(PublicKey key, Instant retiredAt) {
  boolean isRetired(long at) {
    return retiredAt != null && at >= retiredAt.toEpochMilli();
  }
}
