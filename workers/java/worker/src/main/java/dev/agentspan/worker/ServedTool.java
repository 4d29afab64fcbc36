package dev.agentspan.worker;

/** A tool at the place where workers take its tasks. */
record ServedTool(String queue, Tool<?> tool) {
  @Override
  public String toString() {
    return queue + "/" + tool.name();
  }
}
