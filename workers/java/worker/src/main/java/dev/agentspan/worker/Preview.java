package dev.agentspan.worker;

/**
 * What a gated tool may bring so that whoever decides sees what its call would do. It looks and changes nothing, and
 * may be taken any number of times, by any worker that serves the tool.
 */
@FunctionalInterface
public interface Preview<I> {
  /**
   * What is to be shown: a text, a map of "before" and "after", or anything else, as JSON of at most 64 KiB. What is
   * thrown is shown as the reason why there is none.
   */
  Object look(I input, PreviewCall call) throws Exception;
}
