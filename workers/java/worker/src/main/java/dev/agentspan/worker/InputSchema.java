package dev.agentspan.worker;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import dev.agentspan.AgentspanException;
import dev.agentspan.internal.Json;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** What a tool takes, told as JSON Schema and checked alike. */
final class InputSchema<I> {
  private static final int MOST_FAULTS = 5;
  // The words are for whoever wrote the arguments, and a format is an annotation, as it is at the server. Nothing that
  // a schema refers to is fetched.
  private static final SchemaRegistry REGISTRY = SchemaRegistry.withDefaultDialect(
      SpecificationVersion.DRAFT_2020_12,
      registry -> registry.schemaRegistryConfig(
          SchemaRegistryConfig.builder().locale(Locale.ROOT).formatAssertionsEnabled(false).build()));
  private static final String DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema";
  private static final List<String> DRAFTS_07 =
      List.of("http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema");

  private final String text;
  private final Schema schema;
  private final Class<I> input;

  private InputSchema(String text, Schema schema, Class<I> input) {
    this.text = text;
    this.schema = schema;
    this.input = input;
  }

  /** Of a schema's text, or where that is null of what the type says. Throws AgentspanException. */
  static <I> InputSchema<I> of(String owner, Class<I> input, String given) {
    String text = given == null ? Json.write(RecordSchema.of(owner, input)) : given;
    int size = Limits.bytesOf(text);
    if (size > Limits.TOOL_SCHEMA_BYTES) {
      throw new AgentspanException("LIMIT_EXCEEDED",
          "The schema of " + owner + " has " + size + " bytes; the limit is " + Limits.TOOL_SCHEMA_BYTES + ".");
    }
    JsonNode tree;
    try {
      tree = Json.tree(text);
    } catch (JacksonException error) {
      throw unusable(owner, "It is not JSON: " + error.getOriginalMessage() + ".");
    }
    if (!tree.path("type").asString("").equals("object")) {
      throw unusable(owner, "It must describe an object: write \"type\": \"object\" at its top level.");
    }
    return new InputSchema<>(text, compiled(owner, tree, given != null), input);
  }

  private static Schema compiled(String owner, JsonNode tree, boolean isChecked) {
    String dialect = tree.path("$schema").asString(DRAFT_2020).replaceFirst("#$", "");
    if (!dialect.equals(DRAFT_2020) && !DRAFTS_07.contains(dialect)) {
      throw unusable(owner, "Its \"$schema\" is neither draft 2020-12 nor draft-07.");
    }
    try {
      if (isChecked) {
        String meta = dialect.equals(DRAFT_2020) ? dialect : DRAFTS_07.get(0) + "#";
        List<Error> faults = REGISTRY.getSchema(SchemaLocation.of(meta)).validate(tree);
        if (!faults.isEmpty()) {
          throw unusable(owner, "It is not valid: " + words(faults.get(0)) + ".");
        }
      }
      Schema schema = REGISTRY.getSchema(tree);
      // What it refers to must be there before the first call.
      schema.initializeValidators();
      return schema;
    } catch (SchemaException error) {
      throw unusable(owner, "It is not valid: " + error.getMessage());
    }
  }

  static AgentspanException unusable(String owner, String problem) {
    return AgentspanException.invalid("The schema of " + owner + " cannot be used. " + problem);
  }

  String text() {
    return text;
  }

  /** Checks the text of arguments, and reads it as it stands. */
  I read(String arguments) throws ArgumentsException {
    try {
      // What the schema's author did not foresee of a value fits no schema.
      List<Error> faults = schema.validate(Json.tree(arguments));
      if (!faults.isEmpty()) {
        throw new ArgumentsException(
            faults.stream().limit(MOST_FAULTS).map(InputSchema::words).collect(Collectors.joining("; ")),
            faults.stream().limit(MOST_FAULTS).map(InputSchema::place).toList());
      }
      return Json.read(arguments, input);
    } catch (JacksonException error) {
      throw new ArgumentsException("the arguments cannot be read: " + Json.problem(error), List.of(Json.place(error)));
    } catch (RuntimeException | StackOverflowError error) {
      throw new ArgumentsException("the arguments could not be checked: " + error, List.of());
    }
  }

  /** The property that a fault is about, also where the fault is of the object that lacks it or has it. */
  private static String place(Error fault) {
    String property = fault.getProperty();
    return fault.getInstanceLocation() + (property == null ? "" : "/" + property);
  }

  private static String words(Error fault) {
    String where = fault.getInstanceLocation().toString();
    return (where.isEmpty() ? "the value" : where) + ": " + fault.getMessage();
  }
}
