package dev.agentspan;

import dev.agentspan.internal.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import tools.jackson.databind.JsonNode;

/** The test vectors of workers/vectors, which every SDK reads. */
public final class Vectors {
  private Vectors() {}

  public static JsonNode file(String name) {
    Path path = Path.of(System.getProperty("agentspan.vectors"), name + ".json");
    try {
      return Json.tree(Files.readString(path));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** A test of each, by its name. */
  public static Stream<DynamicTest> each(JsonNode list, Consumer<JsonNode> test) {
    return list.valueStream().map(one -> DynamicTest.dynamicTest(text(one, "name"), () -> test.accept(one)));
  }

  public static String text(JsonNode of, String member) {
    return of.get(member).stringValue();
  }
}
