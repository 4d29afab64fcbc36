package dev.agentspan.worker;

import dev.agentspan.internal.Ed25519;
import io.nats.client.AuthHandler;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.util.Arrays;

/** A user of a NATS server that proves itself by a key: Ed25519, with seed and public key as NATS writes them. */
final class NkeyUser implements AuthHandler {
  // What the first bits of a text say that it is.
  private static final int SEED = 18 << 3;
  private static final int USER = 20 << 3;
  private static final int SEED_BYTES = 32;

  private final PrivateKey key;
  private final String publicKey;

  /** Throws IllegalArgumentException, without the seed, where it is none of a user. */
  NkeyUser(String seed) {
    byte[] raw = rawOf(seed.strip());
    try {
      key = Ed25519.privateKey(raw);
      publicKey = written(USER, Ed25519.publicOf(raw));
    } catch (GeneralSecurityException error) {
      throw new IllegalArgumentException("It is no seed of a key of Ed25519.", error);
    }
  }

  /** The answer to what the server asks when it is connected to. */
  @Override
  public byte[] sign(byte[] nonce) {
    try {
      return Ed25519.sign(key, nonce);
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException("The key of the NATS user cannot sign.", error);
    }
  }

  /** As the server's configuration names it. */
  @Override
  public char[] getID() {
    return publicKey.toCharArray();
  }

  @Override
  public char[] getJWT() {
    return null;
  }

  private static byte[] rawOf(String seed) {
    byte[] data = Base32.read(seed);
    int end = data.length - 2;
    if (end != 2 + SEED_BYTES || !Arrays.equals(checksum(data, end), Arrays.copyOfRange(data, end, data.length))) {
      throw new IllegalArgumentException("It is no seed of an nkey.");
    }
    int of = (data[0] & 0x07) << 5 | (data[1] & 0xf8) >> 3;
    if ((data[0] & 0xf8) != SEED || of != USER) {
      throw new IllegalArgumentException("It is no seed of a user's nkey.");
    }
    return Arrays.copyOfRange(data, 2, end);
  }

  private static String written(int kind, byte[] raw) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.write(kind);
    body.writeBytes(raw);
    body.writeBytes(checksum(body.toByteArray(), body.size()));
    return Base32.write(body.toByteArray());
  }

  /** CRC-16 with the polynomial 0x1021, the lower byte first. */
  static byte[] checksum(byte[] bytes, int length) {
    int crc = 0;
    for (int i = 0; i < length; i++) {
      crc ^= (bytes[i] & 0xff) << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) == 0 ? crc << 1 : crc << 1 ^ 0x1021;
      }
    }
    return new byte[] {(byte) crc, (byte) (crc >> 8)};
  }
}
