// Tokens of each reply of the model, as its events tell them.
import type { Event } from "@agentspan/proto";

export interface TurnTokens {
  /** Of the event. */
  readonly key: string;
  readonly turn: number;
  readonly input: bigint;
  readonly output: bigint;
  /** Both, of all replies until this one. */
  readonly untilThen: bigint;
}

export function tokensOf(events: readonly Event[]): {
  readonly turns: readonly TurnTokens[];
  readonly sum: { readonly input: bigint; readonly output: bigint };
} {
  const turns: TurnTokens[] = [];
  const sum = { input: 0n, output: 0n };
  for (const { event, sequence } of events) {
    if (event.case !== "modelReplied") continue;
    const { turn, usage } = event.value;
    const [input, output] = [usage?.inputTokens ?? 0n, usage?.outputTokens ?? 0n];
    sum.input += input;
    sum.output += output;
    turns.push({ key: String(sequence), turn, input, output, untilThen: sum.input + sum.output });
  }
  return { turns, sum };
}
