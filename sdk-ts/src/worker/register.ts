import { AgentspanError, REASONS, START_WITH } from "@agentspan/internal";
import { RegisterRequestSchema, type RegisterResponse, RegisterResponseSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { SDK_VERSION } from "../version.js";
import { askUntilAnswered } from "./ask-until-answered.js";
import type { ServedTool } from "./served-tools.js";
import type { WorkerParts } from "./worker-parts.js";

/** Tells the server what is served here, until it answers. Throws AgentspanError where it refuses for good. */
export async function register(
  parts: WorkerParts,
  tools: readonly ServedTool[],
  signal: AbortSignal,
): Promise<RegisterResponse> {
  const request = create(RegisterRequestSchema, {
    ...parts.identity,
    language: "typescript",
    sdkVersion: SDK_VERSION,
    ...(parts.permit && { permit: parts.permit }),
    tools: tools.map(({ queue, tool }) => ({
      queue,
      name: tool.name,
      inputSchemaJson: tool.message.inputSchemaJson,
      approvalRequired: tool.approvalRequired,
      once: tool.once,
      probe: tool.probe !== undefined,
      enforcesIdempotency: tool.enforcesIdempotency,
      ...(tool.message.preview && { preview: tool.message.preview }),
    })),
  });
  const messages = [RegisterRequestSchema, RegisterResponseSchema] as const;
  const answer = await askUntilAnswered(parts, "register", messages, request, { signal }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
    throw new AgentspanError(
      "BUS_UNAVAILABLE",
      `NATS answers, but no Agentspan server listens there. Is the server running? ${START_WITH}`,
      { cause: error },
    );
  });
  if (answer.error === undefined) return answer;
  const reason = REASONS.find((known) => known === answer.error?.reason) ?? "INTERNAL";
  throw new AgentspanError(reason, `The server did not take this worker: ${answer.error.message}`);
}
