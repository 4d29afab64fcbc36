package dev.agentspan.worker;

import dev.agentspan.AgentspanException;
import dev.agentspan.v1.PreviewPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** What may be said of a tool. Beside it the agent's definition says more; of the two the stricter holds. */
public final class ToolBuilder<I> {
  final String name;
  final ToolFunction<I> function;
  boolean approvalRequired;
  boolean once;
  boolean enforcesIdempotency;
  Probe<I> probe;
  Preview<I> preview;

  private final Class<I> input;
  private String inputSchema;
  private List<String> previewFields = List.of();
  private Duration previewTimeout;

  ToolBuilder(String name, Class<I> input, ToolFunction<I> function) {
    this.name = Limits.requireName(name, "a tool");
    this.input = Objects.requireNonNull(input, "input");
    this.function = Objects.requireNonNull(function, "function");
  }

  /** JSON Schema text of an object, draft 2020-12 or 07, in place of what the input's type says. */
  public ToolBuilder<I> inputSchema(String jsonSchema) {
    this.inputSchema = Objects.requireNonNull(jsonSchema, "jsonSchema");
    return this;
  }

  /** A person must approve each call before it runs, whatever an agent's definition says. */
  public ToolBuilder<I> approvalRequired() {
    this.approvalRequired = true;
    return this;
  }

  /** Starts at most once, like an approved call, but without a person. */
  public ToolBuilder<I> once() {
    this.once = true;
    return this;
  }

  /** For a tool that starts at most once: asked where the worker of a call was lost, before a person is. */
  public ToolBuilder<I> probe(Probe<I> looksForTheEffect) {
    this.probe = Objects.requireNonNull(looksForTheEffect, "probe");
    return this;
  }

  /**
   * Whoever receives the effect enforces the idempotency key: a second call with it changes nothing. Where the probe
   * answers that a call did not happen, it then runs again by itself; otherwise a person is asked.
   */
  public ToolBuilder<I> enforcesIdempotency() {
    this.enforcesIdempotency = true;
    return this;
  }

  /** For a tool that a person must approve: looks at what a call would do. */
  public ToolBuilder<I> preview(Preview<I> looksAhead) {
    this.preview = Objects.requireNonNull(looksAhead, "preview");
    return this;
  }

  /** What of the preview must be the same when the call runs, as paths ("after.balance"); all of it where left out. */
  public ToolBuilder<I> previewFields(String... paths) {
    this.previewFields = List.of(paths);
    return this;
  }

  /** How long the preview may take; 10 s where left out. */
  public ToolBuilder<I> previewTimeout(Duration most) {
    this.previewTimeout = Objects.requireNonNull(most, "previewTimeout");
    return this;
  }

  /** Throws AgentspanException INVALID_REQUEST or LIMIT_EXCEEDED where the options cannot be used. */
  public Tool<I> build() {
    // A plain tool is tried again anyway: nobody asks what became of an attempt.
    if (!approvalRequired && !once && (probe != null || enforcesIdempotency)) {
      throw misplaced(probe != null ? "probe" : "enforcesIdempotency",
          "is for a tool that starts at most once: say approvalRequired or once as well");
    }
    if (preview != null && !approvalRequired) {
      throw misplaced("preview", "is for a tool that a person must approve: say approvalRequired as well");
    }
    if (preview == null && (!previewFields.isEmpty() || previewTimeout != null)) {
      throw misplaced(previewFields.isEmpty() ? "previewTimeout" : "previewFields", "is for a tool with a preview");
    }
    return new Tool<>(this, InputSchema.of(owner(), input, inputSchema));
  }

  PreviewPolicy previewPolicy() {
    PreviewPolicy.Builder policy = PreviewPolicy.newBuilder().addAllFields(previewFields);
    if (previewTimeout != null) {
      policy.setTimeout(Times.toProto(previewTimeout));
    }
    return policy.build();
  }

  private String owner() {
    return "tool \"" + name + "\"";
  }

  private AgentspanException misplaced(String option, String rule) {
    return AgentspanException.invalid("The " + option + " of " + owner() + " " + rule + ".");
  }
}
