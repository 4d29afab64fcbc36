package dev.agentspan.worker;

import dev.agentspan.AgentspanException;
import dev.agentspan.signing.TrustedKeys;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What a worker is told, and what the environment says where it is not. */
public final class WorkerBuilder {
  private static final String DEFAULT_NATS_URL = "nats://127.0.0.1:4222";
  private static final int DEFAULT_CONCURRENCY = 16;
  private static final Duration CONNECT_WITHIN = Duration.ofSeconds(5);

  private final Map<String, String> env;
  private final Map<String, ServedTool> tools = new LinkedHashMap<>();
  private String natsUrl;
  private String workerId;
  private String namespace = "default";
  private int concurrency = DEFAULT_CONCURRENCY;
  private Duration patience = Duration.ofSeconds(30);
  private Duration grace = Duration.ofSeconds(25);
  private boolean stopsOnExit = true;
  private Path trustedKeysFile;
  private Path credentialsFile;

  WorkerBuilder(Map<String, String> env) {
    this.env = env;
  }

  /** Serves these tools in a queue: an agent's name, unless its definition names another. */
  public WorkerBuilder serve(String queue, Tool<?>... served) {
    return serve(queue, List.of(served));
  }

  /** Serves these tools in a queue: an agent's name, unless its definition names another. */
  public WorkerBuilder serve(String queue, List<Tool<?>> served) {
    Limits.requireName(queue, "a queue");
    for (Tool<?> tool : served) {
      if (tools.put(queue + "/" + tool.name(), new ServedTool(queue, tool)) != null) {
        throw AgentspanException.invalid("The queue \"" + queue + "\" has two tools \"" + tool.name() + "\".");
      }
    }
    return this;
  }

  /** Where NATS is, over which tools are served; AGENTSPAN_NATS_URL, NATS_URL or this machine unless said. */
  public WorkerBuilder natsUrl(String url) {
    this.natsUrl = Objects.requireNonNull(url, "natsUrl");
    return this;
  }

  /** Two workers that run at once have two ids; one is made up unless said, or taken from the credentials. */
  public WorkerBuilder workerId(String id) {
    this.workerId = Limits.requireToken(id, "workerId");
    return this;
  }

  /** "default" unless said. */
  public WorkerBuilder namespace(String name) {
    this.namespace = Limits.requireToken(name, "namespace");
    return this;
  }

  /** How many calls may run at once; 16 unless said. Each has a thread. */
  public WorkerBuilder concurrency(int most) {
    if (most < 1) {
      throw AgentspanException.invalid("The concurrency is " + most + "; it must be 1 or more.");
    }
    this.concurrency = most;
    return this;
  }

  /** How long {@link Worker#start} waits for a server that is not there; 30 s unless said. */
  public WorkerBuilder patience(Duration most) {
    this.patience = Objects.requireNonNull(most, "patience");
    return this;
  }

  /** How long {@link Worker#close} lets functions go on that have begun; 25 s unless said. */
  public WorkerBuilder grace(Duration most) {
    this.grace = Objects.requireNonNull(most, "grace");
    return this;
  }

  /** Whether the worker is closed when the JVM is asked to end, as by SIGTERM; true unless said. */
  public WorkerBuilder stopsOnExit(boolean whether) {
    this.stopsOnExit = whether;
    return this;
  }

  /**
   * The orchestrators' public keys; AGENTSPAN_TRUSTED_KEYS_FILE unless said. Without, grants are not checked for them.
   */
  public WorkerBuilder trustedKeysFile(Path file) {
    this.trustedKeysFile = Objects.requireNonNull(file, "trustedKeysFile");
    return this;
  }

  /** What {@code agentspan worker credentials} made; AGENTSPAN_WORKER_CREDENTIALS_FILE unless said. */
  public WorkerBuilder credentialsFile(Path file) {
    this.credentialsFile = Objects.requireNonNull(file, "credentialsFile");
    return this;
  }

  /** Throws AgentspanException INVALID_REQUEST for what cannot be used. */
  public Worker build() {
    if (tools.isEmpty()) {
      throw AgentspanException.invalid("The worker has no tools: say serve(queue, tools).");
    }
    Path keys = trustedKeysFile != null ? trustedKeysFile : fileOf("AGENTSPAN_TRUSTED_KEYS_FILE");
    Path credentials = credentialsFile != null ? credentialsFile : fileOf("AGENTSPAN_WORKER_CREDENTIALS_FILE");
    WorkerCredentials shown = credentials == null ? null : WorkerCredentials.read(credentials);
    String id = workerId;
    if (shown != null) {
      id = shown.workerId(workerId);
    } else if (workerId == null) {
      id = freshWorkerId();
    }
    String variable = said("AGENTSPAN_NATS_URL", "").isEmpty() ? "NATS_URL" : "AGENTSPAN_NATS_URL";
    String url = natsUrl != null ? natsUrl : said(variable, DEFAULT_NATS_URL);
    NatsAddress address = NatsAddress.of(url, natsUrl != null ? "natsUrl" : variable);
    return new Worker(new WorkerSettings(
        List.copyOf(tools.values()),
        new WorkerIdentity(id, randomHex(16), namespace),
        new NatsOptions(
            id,
            address,
            NatsAddress.withoutLogin(url),
            NatsTls.context(env, address.secured()),
            shown == null ? null : shown.user(),
            CONNECT_WITHIN),
        concurrency,
        patience,
        grace,
        stopsOnExit,
        keys == null ? null : TrustedKeys.read(keys),
        shown == null ? null : shown.permit()));
  }

  private Path fileOf(String variable) {
    String path = said(variable, "");
    return path.isEmpty() ? null : Path.of(path);
  }

  private String said(String variable, String otherwise) {
    String value = env.getOrDefault(variable, "");
    return value.isEmpty() ? otherwise : value;
  }

  /** One token of a NATS subject that tells a person which machine it is. */
  private static String freshWorkerId() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9_-]", "-");
    } catch (UnknownHostException error) {
      host = "worker"; // A machine without a name of its own.
    }
    return host.substring(0, Math.min(32, host.length())) + "-" + randomHex(5);
  }

  private static String randomHex(int bytes) {
    byte[] random = new byte[bytes];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }
}
