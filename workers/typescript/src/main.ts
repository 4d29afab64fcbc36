// Serves the refund agent's tools until it is asked to stop. Settings: AGENTSPAN_NATS_URL, AGENTSPAN_MODEL,
// REFUND_LEDGER, AGENTSPAN_LOG_LEVEL (info unless said).
import { serve } from "@agentspan/sdk";
import { refundAgent } from "./refund-agent.js";

process.env.AGENTSPAN_LOG_LEVEL ??= "info";
await serve(refundAgent);
