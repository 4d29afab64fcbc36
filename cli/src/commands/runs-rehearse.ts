// agentspan runs rehearse: what a policy would have made of the calls of the past, before it is switched on.
import { CommandError } from "../command-error.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import type { PastCall } from "../rehearse/past-calls.js";
import { readPolicy } from "../rehearse/policy-file.js";
import { readCalls } from "../rehearse/read-calls.js";
import { Rehearsal } from "../rehearse/rehearsal.js";
import { numbersIn, personOf, showRehearsal } from "../rehearse/rehearsal-lines.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";

export interface RunsRehearseFlags extends UrlOption {
  readonly policy: string;
  readonly tool?: string;
  readonly agent?: string;
  readonly since?: string;
  readonly json?: boolean;
}

/** Whoever waits is told how far it is. */
const TELL_EVERY_MS = 3_000;

export async function runsRehearse(flags: RunsRehearseFlags, output: Output): Promise<void> {
  const tool = await readPolicy(flags.policy, flags.tool);
  const rehearsal = new Rehearsal(tool);
  const others = new Map<string, number>();
  let runs = 0;
  await withServer(flags, async (runtime) => {
    let told = performance.now();
    const since = flags.since === undefined ? undefined : Date.parse(flags.since);
    for await (const calls of readCalls(runtime, { agent: flags.agent, since })) {
      runs += 1;
      for (const call of calls) {
        if (call.tool === tool.name) rehearsal.take(call);
        else others.set(call.tool, (others.get(call.tool) ?? 0) + 1);
      }
      if (performance.now() - told < TELL_EVERY_MS) continue;
      told = performance.now();
      output.failure(`Looked at ${runs} runs by now, with ${rehearsal.counts.calls} calls of ${safeText(tool.name)}.`);
    }
  });
  const { counts, letThrough } = rehearsal;
  // Nothing that was looked at is no good news about the policy.
  if (counts.calls === 0) throw new CommandError(nothingThere(tool.name, runs, others));
  if (flags.json === true) output.json({ tool: tool.name, runs, ...counts, letThrough: letThrough.map(told) });
  else showRehearsal(tool.name, runs, counts, letThrough, output);
}

function nothingThere(tool: string, runs: number, others: ReadonlyMap<string, number>): string {
  const what = `Nothing was rehearsed: no call of ${safeText(tool)} was found`;
  if (runs === 0) return `${what}, for there is no such run.`;
  const known = [...others].map(([name, count]) => `${safeText(name)} (${count})`).join(", ");
  return `${what} in ${runs === 1 ? "1 run" : `${runs} runs`}. Called were: ${known || "no tools"}.`;
}

/** For programs; arguments themselves stay where they are. */
function told(call: PastCall) {
  const { runId, agentName, callId, at, digest, answered, said } = call;
  const numbers = numbersIn(call.arguments);
  return { runId, agentName, callId, at, argumentsDigest: digest, numbers, answered, by: personOf(call), reason: said };
}
