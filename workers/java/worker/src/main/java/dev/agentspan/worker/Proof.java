package dev.agentspan.worker;

import java.time.Instant;

/**
 * The server's word that an attempt may run.
 *
 * @param approvalId the approval that a person gave; empty where none was needed
 * @param argumentsDigest of the exact text of the arguments
 * @param keyId which key signed it; empty while the server has none
 * @param signature in base64
 */
public record Proof(
    String approvalId,
    String decisionId,
    String argumentsDigest,
    Instant grantedAt,
    String keyId,
    String signature) {}
