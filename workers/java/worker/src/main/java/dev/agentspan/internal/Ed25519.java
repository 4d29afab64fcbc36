package dev.agentspan.internal;

import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPublicKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;

/** Signatures of the JDK, with keys as the raw bytes that the contract and NATS have. */
public final class Ed25519 {
  private static final String NAME = "Ed25519";
  private static final byte[] PUBLIC_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");
  private static final byte[] PRIVATE_PREFIX = HexFormat.of().parseHex("302e020100300506032b657004220420");

  private Ed25519() {}

  /** Of 32 raw bytes. */
  public static PublicKey publicKey(byte[] raw) throws GeneralSecurityException {
    return KeyFactory.getInstance(NAME).generatePublic(new X509EncodedKeySpec(joined(PUBLIC_PREFIX, raw)));
  }

  /** Of a seed of 32 bytes. */
  public static PrivateKey privateKey(byte[] seed) throws GeneralSecurityException {
    return KeyFactory.getInstance(NAME).generatePrivate(new PKCS8EncodedKeySpec(joined(PRIVATE_PREFIX, seed)));
  }

  /** The raw public key of a seed. */
  public static byte[] publicOf(byte[] seed) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(NAME);
    // The JDK tells the public key of no private one: a pair is made whose randomness is the seed.
    generator.initialize(NamedParameterSpec.ED25519, new Given(seed));
    byte[] raw = rawOf((EdECPublicKey) generator.generateKeyPair().getPublic());
    byte[] probe = {1};
    if (!verifies(publicKey(raw), probe, sign(privateKey(seed), probe))) {
      throw new GeneralSecurityException("This Java makes keys in another way.");
    }
    return raw;
  }

  public static byte[] sign(PrivateKey key, byte[] bytes) throws GeneralSecurityException {
    Signature signature = Signature.getInstance(NAME);
    signature.initSign(key);
    signature.update(bytes);
    return signature.sign();
  }

  /** Whether the key has signed these bytes; false too where the signature is none. */
  public static boolean verifies(PublicKey key, byte[] bytes, byte[] signed) {
    try {
      Signature signature = Signature.getInstance(NAME);
      signature.initVerify(key);
      signature.update(bytes);
      return signature.verify(signed);
    } catch (GeneralSecurityException error) {
      return false; // Bytes that are no signature are one that does not hold.
    }
  }

  private static byte[] rawOf(EdECPublicKey key) {
    byte[] bigEndian = key.getPoint().getY().toByteArray();
    byte[] raw = new byte[32];
    for (int i = 0; i < Math.min(raw.length, bigEndian.length); i++) {
      raw[i] = bigEndian[bigEndian.length - 1 - i];
    }
    if (key.getPoint().isXOdd()) {
      raw[31] |= (byte) 0x80;
    }
    return raw;
  }

  private static byte[] joined(byte[] prefix, byte[] raw) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(prefix);
    whole.writeBytes(raw);
    return whole.toByteArray();
  }

  /** Gives what it was given. */
  private static final class Given extends SecureRandom {
    private static final long serialVersionUID = 1L;

    private final byte[] bytes;

    Given(byte[] bytes) {
      this.bytes = bytes.clone();
    }

    @Override
    public void nextBytes(byte[] into) {
      System.arraycopy(Arrays.copyOf(bytes, into.length), 0, into, 0, into.length);
    }
  }
}
