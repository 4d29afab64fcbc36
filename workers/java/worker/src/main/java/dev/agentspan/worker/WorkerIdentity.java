package dev.agentspan.worker;

/**
 * Who speaks, in every request.
 *
 * @param incarnation fresh for each start: leases hang on it
 */
record WorkerIdentity(String workerId, String incarnation, String namespace) {}
