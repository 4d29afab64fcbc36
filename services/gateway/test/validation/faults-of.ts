// What a check of a request finds at fault.
import { AgentspanError } from "@agentspan/internal";
import type { AgentDefinitionSchema } from "@agentspan/proto";
import type { MessageInitShape } from "@bufbuild/protobuf";

export function errorOf(check: () => void): AgentspanError {
  try {
    check();
  } catch (error) {
    if (error instanceof AgentspanError) return error;
    throw error;
  }
  throw new Error("Nothing was at fault");
}

export const faultsOf = (check: () => void) =>
  errorOf(check).fields.map(({ field, description }) => `${field} ${description}`);

export type AgentInit = MessageInitShape<typeof AgentDefinitionSchema>;

/** A definition that can be taken, but for what is said. */
export const agent = (init: AgentInit = {}) => ({ name: "helper", model: "openai/gpt-4o-mini", ...init });

export const seconds = (value: number) => ({ seconds: BigInt(value), nanos: 0 });
