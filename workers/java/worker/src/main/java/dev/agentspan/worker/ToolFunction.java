package dev.agentspan.worker;

/** What a call of a tool does. */
@FunctionalInterface
public interface ToolFunction<I> {
  /**
   * The result, of which JSON is written: at most 256 KiB. What is thrown is a failure that is tried again by the retry
   * policy in the agent's definition, a {@link TerminalException} one that is not; a guarded tool's failure is always
   * final. Of a plain tool the thread is interrupted once the call is cancelled; a guarded one is only told.
   */
  Object call(I input, ToolCall call) throws Exception;
}
