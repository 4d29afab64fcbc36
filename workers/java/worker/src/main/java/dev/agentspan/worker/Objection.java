package dev.agentspan.worker;

import dev.agentspan.v1.ReleaseReason;

/** Why a task is handed back. */
record Objection(ReleaseReason reason, String detail) {}
