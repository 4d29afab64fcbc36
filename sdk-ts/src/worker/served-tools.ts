import { PreviewPolicySchema } from "@agentspan/proto";
import { toJsonString } from "@bufbuild/protobuf";
import type { Agent } from "../agent.js";
import type { Tool } from "../tool.js";

/** A tool at the place where workers take its tasks. */
export interface ServedTool {
  readonly queue: string;
  readonly tool: Tool;
}

/** What a worker serves, by queue and name. A later definition of the same replaces the one before. */
export class ServedTools {
  readonly #tools = new Map<string, ServedTool>();

  #version = 0;

  /** Rises when the server must be told: something is served that was not, or is declared otherwise. */
  get version(): number {
    return this.#version;
  }

  add(agents: readonly Agent[]): void {
    for (const agent of agents) {
      for (const tool of agent.served) {
        const served = { queue: agent.queueOf(tool), tool };
        const before = this.#tools.get(keyOf(served));
        if (before === undefined || !declaredAlike(before.tool, tool)) this.#version++;
        this.#tools.set(keyOf(served), served);
      }
    }
  }

  /** In the order in which they were added. */
  list(): readonly ServedTool[] {
    return [...this.#tools.values()];
  }

  /** What is served there now. */
  current(served: ServedTool): Tool {
    return this.#tools.get(keyOf(served))?.tool ?? served.tool;
  }
}

function keyOf({ queue, tool }: ServedTool): string {
  return `${queue}/${tool.name}`;
}

function previewText({ message: { preview } }: Tool): string {
  return preview === undefined ? "" : toJsonString(PreviewPolicySchema, preview);
}

function declaredAlike(a: Tool, b: Tool): boolean {
  return (
    a.message.inputSchemaJson === b.message.inputSchemaJson &&
    a.approvalRequired === b.approvalRequired &&
    a.once === b.once &&
    a.enforcesIdempotency === b.enforcesIdempotency &&
    (a.probe === undefined) === (b.probe === undefined) &&
    previewText(a) === previewText(b)
  );
}
