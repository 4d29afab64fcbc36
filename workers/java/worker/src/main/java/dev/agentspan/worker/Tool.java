package dev.agentspan.worker;

import dev.agentspan.v1.PreviewPolicy;
import dev.agentspan.v1.WorkerTool;

/**
 * A function that a model may call, ready to be served. Made by {@link #of} or {@link #builder}; it does not change.
 *
 * @param <I> what the function takes: a record whose components are the arguments, or anything that Jackson reads
 */
public final class Tool<I> {
  private final String name;
  private final InputSchema<I> schema;
  private final ToolFunction<I> function;
  private final boolean approvalRequired;
  private final boolean once;
  private final boolean enforcesIdempotency;
  private final Probe<I> probe;
  private final Preview<I> preview;
  private final PreviewPolicy previewPolicy;

  Tool(ToolBuilder<I> options, InputSchema<I> schema) {
    this.name = options.name;
    this.schema = schema;
    this.function = options.function;
    this.approvalRequired = options.approvalRequired;
    this.once = options.once;
    this.enforcesIdempotency = options.enforcesIdempotency;
    this.probe = options.probe;
    this.preview = options.preview;
    this.previewPolicy = options.previewPolicy();
  }

  /** A plain tool: it runs when it is called, and again by the retry policy where it fails. */
  public static <I> Tool<I> of(String name, Class<I> input, ToolFunction<I> function) {
    return builder(name, input, function).build();
  }

  /**
   * A tool with options. The input's schema is read from the record's components: texts, numbers, booleans, enums,
   * dates, lists, maps and further records; one of type Optional may be left out. {@code @JsonProperty} gives another
   * name, {@code @JsonPropertyDescription} a description. For other inputs say {@link ToolBuilder#inputSchema}.
   */
  public static <I> ToolBuilder<I> builder(String name, Class<I> input, ToolFunction<I> function) {
    return new ToolBuilder<>(name, input, function);
  }

  public String name() {
    return name;
  }

  /** JSON Schema text: what the server is told, and what arguments are held to. */
  public String inputSchema() {
    return schema.text();
  }

  boolean approvalRequired() {
    return approvalRequired;
  }

  boolean once() {
    return once;
  }

  boolean hasProbe() {
    return probe != null;
  }

  boolean hasPreview() {
    return preview != null;
  }

  I read(String argumentsJson) throws ArgumentsException {
    return schema.read(argumentsJson);
  }

  Object call(I input, ToolCall call) throws Exception {
    return function.call(input, call);
  }

  ProbeAnswer probe(I input, ProbeCall call) throws Exception {
    return probe.look(input, call);
  }

  Object preview(I input, PreviewCall call) throws Exception {
    return preview.look(input, call);
  }

  /** As the server is told of it. */
  WorkerTool declared(String queue) {
    WorkerTool.Builder declared = WorkerTool.newBuilder()
        .setQueue(queue)
        .setName(name)
        .setInputSchemaJson(schema.text())
        .setApprovalRequired(approvalRequired)
        .setOnce(once)
        .setProbe(probe != null)
        .setEnforcesIdempotency(enforcesIdempotency);
    if (preview != null) {
      declared.setPreview(previewPolicy);
    }
    return declared.build();
  }

  @Override
  public String toString() {
    return "Tool[" + name + "]";
  }
}
