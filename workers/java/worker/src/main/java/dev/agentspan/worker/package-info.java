/**
 * Serves tools whose calls may wait for a person. {@link dev.agentspan.worker.Tool} is made of a function,
 * {@link dev.agentspan.worker.Worker} serves it in the queue of an agent.
 */
package dev.agentspan.worker;
