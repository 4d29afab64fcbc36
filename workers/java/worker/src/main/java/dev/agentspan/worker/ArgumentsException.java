package dev.agentspan.worker;

import java.util.Collection;
import java.util.List;

/** Arguments that do not fit their schema, in words for whoever wrote them. */
final class ArgumentsException extends Exception {
  private static final long serialVersionUID = 1L;

  private final List<String> places;

  /**
   * @param places the properties that are at fault, as JSON Pointers: for logs, where no value belongs
   */
  ArgumentsException(String message, Collection<String> places) {
    super(message);
    this.places = places.stream().distinct().sorted().toList();
  }

  List<String> places() {
    return places;
  }
}
