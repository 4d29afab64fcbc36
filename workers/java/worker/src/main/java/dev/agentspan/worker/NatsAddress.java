package dev.agentspan.worker;

import dev.agentspan.AgentspanException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What AGENTSPAN_NATS_URL says.
 *
 * @param servers without logins
 * @param secured the connection is by TLS whatever else is said
 * @param user empty where it shows none
 * @param password empty beside a user that is a token
 */
record NatsAddress(List<String> servers, boolean secured, String user, String password) {
  private static final int DEFAULT_PORT = 4222;

  /**
   * Reads nats:// or tls://, with user:password@ or token@; several of a cluster are joined by commas, of which the
   * first has the login. Throws AgentspanException INVALID_REQUEST, with the name of what said it, without the text.
   */
  static NatsAddress of(String url, String name) {
    List<URI> all = new ArrayList<>();
    for (String one : url.split(",")) {
      if (!one.isBlank()) {
        all.add(parsed(one.strip(), name));
      }
    }
    if (all.isEmpty()) {
      throw unusable(name);
    }
    List<String> servers = all.stream()
        .map(one -> "nats://" + one.getHost() + ":" + (one.getPort() == -1 ? DEFAULT_PORT : one.getPort()))
        .toList();
    String login = all.get(0).getRawUserInfo() == null ? "" : all.get(0).getRawUserInfo();
    int colon = login.indexOf(':');
    return new NatsAddress(
        servers,
        all.stream().anyMatch(one -> one.getScheme().equals("tls")),
        decoded(colon == -1 ? login : login.substring(0, colon)),
        colon == -1 ? "" : decoded(login.substring(colon + 1)));
  }

  /** For a sentence. */
  static String withoutLogin(String url) {
    return url.replaceAll("//[^@/]*@", "//");
  }

  private static URI parsed(String text, String name) {
    try {
      URI uri = new URI(text.contains("://") ? text : "nats://" + text);
      boolean fits = List.of("nats", "tls").contains(uri.getScheme()) && uri.getHost() != null && uri.getPort() != 0;
      if (fits) {
        return uri;
      }
    } catch (URISyntaxException error) {
      throw unusable(name); // Its words would quote the text.
    }
    throw unusable(name);
  }

  private static String decoded(String text) {
    // A plus stands for itself.
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static AgentspanException unusable(String name) {
    return AgentspanException.invalid(name + " must be nats://host:port or tls://host:port.");
  }
}
