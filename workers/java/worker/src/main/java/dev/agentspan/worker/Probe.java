package dev.agentspan.worker;

/**
 * What a tool may bring for the case that its worker is lost: a look at whether its effect happened. It only looks, and
 * may be asked any number of times, by any worker that serves the tool. One that throws answers nothing, and is asked
 * again.
 */
@FunctionalInterface
public interface Probe<I> {
  ProbeAnswer look(I input, ProbeCall call) throws Exception;
}
