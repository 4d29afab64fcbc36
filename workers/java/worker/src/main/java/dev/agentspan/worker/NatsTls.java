package dev.agentspan.worker;

import dev.agentspan.AgentspanException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Whom to trust at NATS, and what to show it: PEM files, as the server's own processes are told them. */
final class NatsTls {
  private static final String CA = "AGENTSPAN_NATS_CA_FILE";
  private static final String CERT = "AGENTSPAN_NATS_CERT_FILE";
  private static final String KEY = "AGENTSPAN_NATS_KEY_FILE";

  private NatsTls() {}

  /**
   * Null where the environment names no file and the connection need not be by TLS. Throws AgentspanException
   * INVALID_REQUEST that names what cannot be used.
   */
  static SSLContext context(Map<String, String> env, boolean secured) {
    String ca = env.getOrDefault(CA, "");
    String cert = env.getOrDefault(CERT, "");
    String key = env.getOrDefault(KEY, "");
    if (!secured && ca.isEmpty() && cert.isEmpty() && key.isEmpty()) {
      return null;
    }
    if (cert.isEmpty() != key.isEmpty()) {
      String has = key.isEmpty() ? CERT : KEY;
      String lacks = key.isEmpty() ? KEY : CERT;
      throw AgentspanException.invalid(
          has + " is set and " + lacks + " is not: a certificate needs its key. Set both.");
    }
    try {
      TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(ca.isEmpty() ? null : authorities(named(CA, ca)));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(cert.isEmpty() ? null : shown(named(CERT, cert), named(KEY, key)), trust.getTrustManagers(), null);
      return new HostCheckingContext(context);
    } catch (GeneralSecurityException | IOException error) {
      throw new AgentspanException("INVALID_REQUEST", "TLS to NATS cannot be used: " + error.getMessage(), error);
    }
  }

  private static KeyStore authorities(PemFile file) throws GeneralSecurityException, IOException {
    KeyStore store = emptyStore();
    int number = 0;
    for (Certificate authority : certificates(file)) {
      store.setCertificateEntry("authority-" + number++, authority);
    }
    return store;
  }

  private static KeyManager[] shown(PemFile cert, PemFile key) throws GeneralSecurityException, IOException {
    List<Certificate> chain = certificates(cert);
    KeyStore store = emptyStore();
    store.setKeyEntry("worker", PemKey.of(key, chain.get(0)), new char[0], chain.toArray(Certificate[]::new));
    KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  private static List<Certificate> certificates(PemFile file) throws GeneralSecurityException {
    Collection<? extends Certificate> found;
    try {
      found = CertificateFactory.getInstance("X.509").generateCertificates(file.stream());
    } catch (GeneralSecurityException error) {
      throw new GeneralSecurityException(file + " has no certificate in PEM that can be read", error);
    }
    if (found.isEmpty()) {
      throw new GeneralSecurityException(file + " has no certificate in PEM");
    }
    return new ArrayList<>(found);
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static PemFile named(String variable, String path) throws IOException {
    String where = variable + " (\"" + path + "\")";
    try {
      return new PemFile(where, Files.readString(Path.of(path)));
    } catch (IOException error) {
      throw new IOException(where + " cannot be read: " + error, error);
    }
  }
}
