// Who decides in the demonstration: the person at the terminal, or an option of the command.
import { isSeen } from "@agentspan/internal/characters";
import type { Approval } from "@agentspan/sdk";
import type { Output } from "../output.js";
import { TerminalLines } from "./terminal-lines.js";

export type DemoDecision =
  | { readonly kind: "approve" }
  | { readonly kind: "reject"; readonly reason: string }
  | { readonly kind: "respond"; readonly answer: unknown };

export interface Decider {
  /** Undefined where the signal aborted (somebody else decided, or the command is stopping), or the person left. */
  decide(signal: AbortSignal, asked?: Pick<Approval, "kind">): Promise<DemoDecision | undefined>;
  close(): void;
}

/** Asks y/n, and for no a reason. `onLeave` hears of Ctrl-D. */
export function askingPerson(input: NodeJS.ReadableStream, output: Output, onLeave: () => void): Decider {
  const lines = new TerminalLines(input, (text) => output.text(text));
  const ask = async (question: string, signal: AbortSignal): Promise<string | undefined> => {
    const line = await lines.ask(question, signal);
    if (line !== undefined) return line.trim();
    output.line();
    if (!signal.aborted) onLeave();
    return undefined;
  };
  return {
    async decide(signal, asked) {
      lines.forgetTyped();
      if (asked?.kind === "QUESTION") {
        for (;;) {
          const text = await ask("Answer, as JSON: ", signal);
          if (text === undefined) return undefined;
          try {
            return { kind: "respond", answer: JSON.parse(text) };
          } catch {
            output.line(`Please answer in JSON, such as {"size":"M"} or "yes" in its quotes.`);
          }
        }
      }
      for (;;) {
        const answer = (await ask("Approve? (y/n): ", signal))?.toLowerCase();
        if (answer === undefined) return undefined;
        if (answer === "y" || answer === "yes") return { kind: "approve" };
        if (answer === "n" || answer === "no") break;
        output.line("Please answer y or n.");
      }
      for (;;) {
        const reason = await ask("Rejection reason: ", signal);
        if (reason === undefined) return undefined;
        if (isSeen(reason)) return { kind: "reject", reason };
        output.line("Please say why: the agent is told, and answers to it.");
      }
    },
    close: () => lines.close(),
  };
}

/** Decides each approval in the same way, without asking. */
export function always(decision: DemoDecision, output: Output): Decider {
  return {
    async decide() {
      output.line(decision.kind === "approve" ? "Approving, as --approve says." : "Rejecting, as --reject says.");
      return decision;
    },
    close: () => undefined,
  };
}
