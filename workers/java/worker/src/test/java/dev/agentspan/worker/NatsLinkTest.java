package dev.agentspan.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.agentspan.AgentspanException;
import dev.agentspan.internal.Ed25519;
import dev.agentspan.internal.Json;
import io.nats.client.AuthHandler;
import io.nats.client.AuthenticationException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** How a worker gets to NATS, and what it does where NATS ends its connection for good. */
class NatsLinkTest {
  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  // The client waits as long for more where a login was refused.
  private static final Duration CONNECT_WITHIN = Duration.ofSeconds(1);

  private static NatsLink open(String url, SSLContext tls, AuthHandler user, Duration patience, Signal closing) {
    NatsOptions options = new NatsOptions(
        "worker-1", NatsAddress.of(url, "NATS_URL"), NatsAddress.withoutLogin(url), tls, user, CONNECT_WITHIN);
    return NatsLink.open(options, patience, closing);
  }

  private static void close(NatsLink link, Signal closing) {
    closing.set();
    link.close();
  }

  static String file(String name) {
    try {
      return Path.of(NatsLinkTest.class.getResource("/tls/" + name).toURI()).toString();
    } catch (URISyntaxException error) {
      throw new AssertionError(error);
    }
  }

  private static SSLContext tls(String... settings) {
    Map<String, String> env = new java.util.HashMap<>();
    for (int i = 0; i < settings.length; i += 2) {
      env.put("AGENTSPAN_NATS_" + settings[i] + "_FILE", settings[i + 1]);
    }
    return NatsTls.context(env, false);
  }

  @Test
  void opensAnotherConnectionAndListensWhereItDid() throws Exception {
    Signal closing = new Signal();
    try (FakeNats server = new FakeNats("", null)) {
      NatsLink link = open(server.url(), null, null, PATIENCE, closing);
      Signal back = new Signal();
      link.onReconnect(back::set);
      BlockingQueue<String> heard = new LinkedBlockingQueue<>();
      NatsLink.Inbox inbox =
          link.listen(message -> heard.add(new String(message.getData(), StandardCharsets.UTF_8)));
      server.until(() -> !server.talks.get(0).subscriptions().isEmpty());
      assertTrue(inbox.subject().startsWith("_INBOX_worker-1."), inbox.subject());
      // What is said twice of a login makes the client give up.
      server.refuses = true;
      server.talks.get(0).refuse();
      server.until(() -> server.talks.stream().filter(talk -> !talk.connect().isEmpty()).count() >= 3);
      server.refuses = false;
      assertTrue(back.await(PATIENCE));
      // That the worker has said it is not yet that it was read.
      server.until(() -> listening(server, inbox) != null);
      FakeNats.Talk last = listening(server, inbox);
      String subscription = subscriptionOf(last, inbox);
      assertTrue(subscription.startsWith(inbox.subject() + ".* "), subscription);
      String number = subscription.substring(subscription.lastIndexOf(' ') + 1);
      last.send("MSG " + inbox.subject() + ".1 " + number + " 5\r\nhello\r\n");
      assertEquals("hello", heard.poll(20, TimeUnit.SECONDS));
      close(link, closing);
    }
  }

  /** The connection, but the first, that listens there; null while there is none. */
  private static FakeNats.Talk listening(FakeNats server, NatsLink.Inbox inbox) {
    return server.talks.stream().skip(1).filter(talk -> subscriptionOf(talk, inbox) != null).findFirst().orElse(null);
  }

  private static String subscriptionOf(FakeNats.Talk talk, NatsLink.Inbox inbox) {
    return talk.subscriptions().stream().filter(one -> one.startsWith(inbox.subject())).findFirst().orElse(null);
  }

  @Test
  void provesItselfByItsKeyWhereTheServerAsks() throws Exception {
    byte[] seed = new byte[32];
    Arrays.fill(seed, (byte) '7');
    NkeyUser user = new NkeyUser(seedOf(seed));
    Signal closing = new Signal();
    try (FakeNats server = new FakeNats(",\"auth_required\":true,\"nonce\":\"asked\"", null)) {
      close(open(server.url().replace("//", "//me:secret@"), null, user, PATIENCE, closing), closing);
      JsonNode shown = Json.tree(server.talks.get(0).connect().substring("CONNECT ".length()));
      byte[] signature = Base64.getUrlDecoder().decode(shown.get("sig").stringValue());
      byte[] asked = "asked".getBytes(StandardCharsets.UTF_8);
      assertTrue(Ed25519.verifies(Ed25519.publicKey(Ed25519.publicOf(seed)), asked, signature));
      assertEquals(new String(user.getID()), shown.get("nkey").stringValue());
      assertTrue(new String(user.getID()).startsWith("U"));
      assertFalse(shown.toString().contains("secret"));
    }
  }

  /** As NATS writes the seed of a user. */
  static String seedOf(byte[] raw) {
    byte[] body = new byte[raw.length + 4];
    body[0] = (byte) (18 << 3 | 160 >> 5);
    body[1] = (byte) ((160 & 31) << 3);
    System.arraycopy(raw, 0, body, 2, raw.length);
    System.arraycopy(NkeyUser.checksum(body, raw.length + 2), 0, body, raw.length + 2, 2);
    return Base32.write(body);
  }

  @Test
  void knowsAKeyOfNats() {
    // Made by the tool of NATS.
    NkeyUser user = new NkeyUser("SUALMIUTU23PWTVGMT7MFYHIFQF6ESMKBLEVVYHI4Q677MHV7G5CCVJWQU");
    assertEquals("UA4FSJQQ3VPDDOSQJIGSYHIF6ZCOSJI7525KR37SRB3SKQWWOCRR4GDQ", new String(user.getID()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "SUA", "not base32", "SUALMIUTU23PWTVGMT7MFYHIFQF6ESMKBLEVVYHI4Q677MHV7G5CCVJWQV",
    "SAACO7VSVYDC5U2DNDK5Y73NDT4B63BM5HISASLZMNCHKJ6WFRTFNZYTT4"})
  void takesNoOtherTextForASeedAndDoesNotShowIt(String seed) {
    IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> new NkeyUser(seed));
    assertTrue(seed.isEmpty() || !refused.getMessage().contains(seed), refused.getMessage());
  }

  @Test
  void saysWhatDoesNotAnswerAndNotThePassword() {
    AgentspanException error = assertThrows(
        AgentspanException.class, () -> open("nats://me:secret@127.0.0.1:1", null, null, SHORT, new Signal()));
    assertEquals("BUS_UNAVAILABLE", error.reason());
    assertTrue(error.getMessage().startsWith("Cannot reach NATS at nats://127.0.0.1:1 ("), error.getMessage());
    assertTrue(error.getMessage().endsWith("Is the server running, and is AGENTSPAN_NATS_URL its address? "
        + Registrar.START_WITH), error.getMessage());
    assertFalse(error.getMessage().contains("secret"));
  }

  @Test
  void saysToWhomNoLoginIsKnownHowToGetOne() throws Exception {
    AgentspanException error =
        NatsLink.unreachable("nats://one:1", new AuthenticationException("Authorization Violation"));
    assertTrue(error.getMessage().contains("agentspan worker credentials"), error.getMessage());
  }

  @Test
  void readsAddressesAsTheServersProcessesDo() {
    assertEquals(
        new NatsAddress(List.of("nats://127.0.0.1:4222"), false, "", ""), NatsAddress.of("127.0.0.1", "NATS_URL"));
    assertEquals(
        new NatsAddress(List.of("nats://one:1", "nats://two:2"), false, "a@b", "p/q+"),
        NatsAddress.of("nats://a%40b:p%2Fq+@one:1, nats://two:2", "NATS_URL"));
    assertEquals(
        new NatsAddress(List.of("nats://one:4222"), true, "token", ""), NatsAddress.of("tls://token@one", "NATS_URL"));
    assertEquals(List.of("nats://[::1]:1"), NatsAddress.of("nats://[::1]:1", "NATS_URL").servers());
    for (String other : List.of("", " , ", "http://one", "nats://", "nats://one:none", "nats://a b")) {
      assertTrue(assertThrows(AgentspanException.class, () -> NatsAddress.of(other, "NATS_URL"))
          .getMessage()
          .contains("NATS_URL must be"));
    }
  }

  @Test
  void speaksToTheServerThatItsAuthorityVouchesForAndToNoOther() throws Exception {
    SSLContext right = tls("CERT", file("server.pem"), "KEY", file("server.key"));
    SSLContext trusting = tls("CA", file("authority.pem"));
    try (FakeNats server = new FakeNats(",\"tls_required\":true", right)) {
      Signal closing = new Signal();
      close(open(server.url(), trusting, null, PATIENCE, closing), closing);
      assertEquals(1, server.talks.stream().filter(talk -> !talk.connect().isEmpty()).count());
      // The authorities of the machine do not know it.
      SSLContext others = NatsTls.context(Map.of(), true);
      assertThrows(AgentspanException.class, () -> open(server.url(), others, null, SHORT, new Signal()));
    }
    SSLContext elsewhere = tls("CERT", file("elsewhere.pem"), "KEY", file("elsewhere.key"));
    try (FakeNats server = new FakeNats(",\"tls_required\":true", elsewhere)) {
      assertThrows(AgentspanException.class, () -> open(server.url(), trusting, null, SHORT, new Signal()));
      assertTrue(server.talks.stream().allMatch(talk -> talk.connect().isEmpty()));
    }
    try (FakeNats server = new FakeNats("", null)) {
      // It offers none: nothing is said in the clear.
      assertThrows(AgentspanException.class, () -> open(server.url(), trusting, null, SHORT, new Signal()));
      assertTrue(server.talks.stream().allMatch(talk -> talk.connect().isEmpty()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"server", "rsa", "ec"})
  void readsKeysInEachForm(String name) {
    assertEquals("TLS", tls("CERT", file(name + ".pem"), "KEY", file(name + ".key")).getProtocol());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "rsa.pem | ec.key | has no key for a certificate of RSA",
    "server.pem | ec.key | has the key of another certificate",
    "server.pem | elsewhere.key | has the key of another certificate",
    "server.pem | server.pem | has no private key",
    "server.key | server.key | has no certificate",
    "server.pem | none.key | cannot be read"
  })
  void namesTheFileThatCannotBeUsed(String cert, String key, String words) {
    String folder = Path.of(file("README.md")).getParent().toString();
    AgentspanException refused = assertThrows(
        AgentspanException.class, () -> tls("CERT", folder + "/" + cert, "KEY", folder + "/" + key));
    assertTrue(refused.getMessage().contains(words), refused.getMessage());
    assertTrue(refused.getMessage().contains("AGENTSPAN_NATS_"), refused.getMessage());
  }

  @Test
  void asksForAKeyBesideACertificate() {
    assertNull(tls());
    AgentspanException refused = assertThrows(AgentspanException.class, () -> tls("CERT", file("server.pem")));
    assertTrue(refused.getMessage().contains("AGENTSPAN_NATS_KEY_FILE is not"), refused.getMessage());
  }
}
