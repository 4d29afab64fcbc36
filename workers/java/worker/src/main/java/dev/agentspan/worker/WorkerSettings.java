package dev.agentspan.worker;

import dev.agentspan.signing.TrustedKeys;
import dev.agentspan.v1.WorkerPermit;
import java.time.Duration;
import java.util.List;

/**
 * What a worker was told, looked over.
 *
 * @param trustedKeys null where grants are not checked for signatures
 * @param permit null where nobody asks workers for one
 */
record WorkerSettings(
    List<ServedTool> tools,
    WorkerIdentity identity,
    NatsOptions nats,
    int concurrency,
    Duration patience,
    Duration grace,
    boolean stopsOnExit,
    TrustedKeys trustedKeys,
    WorkerPermit permit) {}
