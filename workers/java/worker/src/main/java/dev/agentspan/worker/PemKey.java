package dev.agentspan.worker;

import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The private key of a PEM file: PKCS #8, or the older forms of RSA and of elliptic curves, which the JDK does not
 * read.
 */
final class PemKey {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----\\s*([A-Za-z0-9+/=\\s]+?)-----END \\1-----");
  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final int PARAMETERS = 0xa0;
  private static final byte[] VERSION = {2, 1, 0};
  private static final byte[] RSA = {6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0};
  private static final byte[] EC = {6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

  private PemKey() {}

  /** Throws GeneralSecurityException, without a word of the key, where there is none or it is not the certificate's. */
  static PrivateKey of(PemFile file, Certificate certificate) throws GeneralSecurityException {
    Matcher block = BLOCK.matcher(file.text());
    if (!block.find()) {
      throw new GeneralSecurityException(file + " has no private key in PEM that is not encrypted");
    }
    String algorithm = certificate.getPublicKey().getAlgorithm();
    PrivateKey key;
    try {
      byte[] body = Base64.getMimeDecoder().decode(block.group(2));
      byte[] encoded = switch (block.group(1)) {
        case "RSA PRIVATE KEY" -> inPkcs8(RSA, body);
        case "EC PRIVATE KEY" -> inPkcs8(joined(EC, parametersOf(body)), body);
        default -> body;
      };
      key = KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
    } catch (GeneralSecurityException | IllegalArgumentException | IndexOutOfBoundsException error) {
      throw new GeneralSecurityException(file + " has no key for a certificate of " + algorithm + " that can be read");
    }
    if (!belong(key, certificate, algorithm)) {
      throw new GeneralSecurityException(file + " has the key of another certificate");
    }
    return key;
  }

  private static boolean belong(PrivateKey key, Certificate certificate, String algorithm)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance(switch (algorithm) {
      case "RSA" -> "SHA256withRSA";
      case "EC" -> "SHA256withECDSA";
      default -> algorithm;
    });
    signature.initSign(key);
    signature.update(VERSION);
    byte[] signed = signature.sign();
    signature.initVerify(certificate.getPublicKey());
    signature.update(VERSION);
    return signature.verify(signed);
  }

  private static byte[] inPkcs8(byte[] algorithm, byte[] key) {
    return tagged(SEQUENCE, joined(joined(VERSION, tagged(SEQUENCE, algorithm)), tagged(OCTETS, key)));
  }

  /** The name of the curve, which stands inside of the key: a sequence of a version, the key, and parameters. */
  private static byte[] parametersOf(byte[] key) {
    int at = startOf(key, 0);
    while ((key[at] & 0xff) != PARAMETERS) {
      at = startOf(key, at) + lengthOf(key, at);
    }
    int start = startOf(key, at);
    return Arrays.copyOfRange(key, start, start + lengthOf(key, at));
  }

  private static int startOf(byte[] der, int at) {
    return (der[at + 1] & 0x80) == 0 ? at + 2 : at + 2 + (der[at + 1] & 0x7f);
  }

  private static int lengthOf(byte[] der, int at) {
    if ((der[at + 1] & 0x80) == 0) {
      return der[at + 1];
    }
    int length = 0;
    for (int i = at + 2; i < startOf(der, at); i++) {
      length = length << 8 | der[i] & 0xff;
    }
    return length;
  }

  private static byte[] tagged(int tag, byte[] body) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write(tag);
    if (body.length < 0x80) {
      whole.write(body.length);
    } else if (body.length < 0x100) {
      whole.write(0x81);
      whole.write(body.length);
    } else {
      whole.write(0x82);
      whole.write(body.length >> 8);
      whole.write(body.length);
    }
    whole.writeBytes(body);
    return whole.toByteArray();
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] whole = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, whole, first.length, second.length);
    return whole;
  }
}
