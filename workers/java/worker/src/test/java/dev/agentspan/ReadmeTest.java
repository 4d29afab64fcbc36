package dev.agentspan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every block of Java of the README is compiled: one with a class as it is, the others as the body of a method. */
class ReadmeTest {
  private static final Path README = Path.of(System.getProperty("agentspan.readme"));
  private static final Pattern BLOCK = Pattern.compile("^```java\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)(?:#([^)]+))?\\)");
  private static final String AROUND =
      """
      import com.fasterxml.jackson.annotation.*;
      import dev.agentspan.signing.*;
      import dev.agentspan.worker.*;
      import java.math.BigDecimal;
      import java.nio.file.Path;
      import java.time.Duration;
      import java.util.*;
      import tools.jackson.databind.JsonNode;

      class %s {
        interface Bank {
          boolean isClosed(String account);
          BigDecimal balance(String account);
          Optional<String> find(String key);
          boolean holds(String text);
          Map<String, Object> adjust(String account, BigDecimal amount, String key);
        }

        void block(Bank bank, String receiptText) throws Exception {
      %s
        }
      }
      """;

  private static List<JavaFileObject> units(String readme) {
    List<JavaFileObject> units = new ArrayList<>();
    Matcher block = BLOCK.matcher(readme);
    while (block.find()) {
      boolean whole = block.group(1).contains("class ");
      String name = whole ? "Refunds" : "Block" + units.size();
      String text = whole ? block.group(1) : AROUND.formatted(name, block.group(1));
      units.add(new SimpleJavaFileObject(URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
          return text;
        }
      });
    }
    return units;
  }

  @Test
  void everyBlockOfTheReadmeCompiles(@TempDir Path folder) throws Exception {
    List<JavaFileObject> units = units(Files.readString(README));
    assertEquals(4, units.size());
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
    List<String> options = List.of(
        "-d", folder.toString(), "-classpath", System.getProperty("java.class.path"), "-proc:none", "-Xlint:all");
    boolean compiled = compiler.getTask(null, null, said, options, null, units).call();
    List<String> faults = said.getDiagnostics().stream()
        .filter(one -> one.getKind() == Diagnostic.Kind.ERROR || one.getKind() == Diagnostic.Kind.WARNING)
        .map(Object::toString)
        .toList();
    assertTrue(compiled && faults.isEmpty(), faults.toString());
  }

  @Test
  void leadsToFilesThatAreThere() throws Exception {
    Matcher link = LINK.matcher(Files.readString(README));
    int links = 0;
    while (link.find()) {
      links++;
      Path target = README.resolveSibling(link.group(1)).normalize();
      assertTrue(Files.exists(target), target.toString());
      if (link.group(2) != null) {
        String heading = link.group(2).replace('-', ' ');
        List<String> lines = Files.readAllLines(target);
        assertTrue(
            lines.stream().anyMatch(line -> line.toLowerCase(Locale.ROOT).matches("#+ " + heading)), link.group());
      }
    }
    assertTrue(links > 5);
  }
}
