// Sends what a person typed about an approval that they looked at, bound to exactly that.
import { isSeen } from "@agentspan/internal/characters";
import type { AgentHandle, Approval, JsonObject } from "@agentspan/sdk";
import { approvedWords } from "../commands/decide.js";
import type { Asking } from "./inbox-state.js";
import { textOf } from "./line-editor.js";

/** Why a typed line cannot be sent; undefined where it can. */
export function faultOf({ verb, line }: Asking): string | undefined {
  const text = textOf(line).trim();
  switch (verb) {
    case "approve":
      return undefined;
    case "reject":
      return !isSeen(text) ? "Say why: the model is told, and answers to it." : undefined;
    case "respond":
      return parsed(text) === undefined ? `It must be JSON, such as {"size":"M"} or "yes" in its quotes.` : undefined;
    case "edit":
      return objectOf(text) === undefined ? "It must be a JSON object, with all of the call's arguments." : undefined;
    default:
      return verb satisfies never;
  }
}

/** Resolves to what became of it, in words. Throws AgentspanError where the server refuses it. */
export async function decide(handle: AgentHandle, approval: Approval, { verb, line }: Asking): Promise<string> {
  const { approvalId, argumentsDigest, preview } = approval;
  const text = textOf(line).trim();
  const seen = preview?.status === "SHOWN" ? { previewFingerprint: preview.fingerprint } : {};
  switch (verb) {
    case "approve": {
      const comment = text === "" ? {} : { comment: text };
      return approvedWords(await handle.approve({ approvalId, argumentsDigest, ...seen, ...comment }));
    }
    case "edit": {
      const edit = { editedArguments: objectOf(text) ?? {} };
      return approvedWords(await handle.approve({ approvalId, argumentsDigest, ...seen, ...edit }));
    }
    case "reject":
      await handle.reject(text, { approvalId });
      return "Rejected. The model is told the reason, and the run goes on.";
    case "respond":
      await handle.respond(parsed(text)?.value, { approvalId });
      return "Answered. The model is told, and the run goes on.";
    default:
      return verb satisfies never;
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function objectOf(text: string): JsonObject | undefined {
  const value = parsed(text)?.value;
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
