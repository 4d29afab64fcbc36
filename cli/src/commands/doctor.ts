// agentspan doctor: what is there, what is missing, and how to get it.
import { AgentRuntime } from "@agentspan/sdk";
import { CommandError } from "../command-error.js";
import type { Check } from "../doctor/check.js";
import { machineChecks, nodeCheck } from "../doctor/machine-checks.js";
import { serverChecks } from "../doctor/server-checks.js";
import { elsewhere, isLocal } from "../local-server.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { serverTarget } from "../profiles/server-target.js";
import { stackPlace } from "../stack-place.js";

export interface DoctorFlags extends UrlOption {
  readonly data?: string;
  readonly json?: boolean;
}

/** Throws where something is missing. */
export async function doctor(flags: DoctorFlags, output: Output): Promise<void> {
  const target = await serverTarget(flags);
  const { url, apiKey } = target;
  // A server elsewhere needs nothing of this machine.
  const place = stackPlace(flags, process.env);
  const local = isLocal(url) ? await machineChecks(place, process.env) : [];
  const runtime = new AgentRuntime({ retryFor: "5s", url, ...(apiKey === undefined ? {} : { apiKey }) });
  let checks: readonly Check[];
  try {
    checks = [nodeCheck(), ...local, ...(await serverChecks(runtime, target, elsewhere(url, place.dataDir)))];
  } finally {
    await runtime.shutdown();
  }
  const faults = checks.filter(({ state }) => state === "fault").length;
  if (flags.json === true) output.json({ ok: faults === 0, checks });
  else show(checks, output);
  if (faults > 0) throw new CommandError(`${faults === 1 ? "1 thing is" : `${faults} things are`} missing or wrong.`);
}

function show(checks: readonly Check[], output: Output): void {
  for (const { name, state, found, remedy } of checks) {
    output.line(`${{ ok: "ok   ", note: "note ", fault: "FAULT" }[state]}  ${name.padEnd(11)}  ${found}`);
    if (remedy !== undefined) output.line(`                    ${remedy}`);
  }
}
