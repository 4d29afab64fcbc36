// What a server that runs says to this caller.
import { CredentialKind, IdentityService, type WhoAmIResponse, WorkerService } from "@agentspan/proto";
import { type AgentRuntime, AgentspanError } from "@agentspan/sdk";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { commandName } from "../command-name.js";
import type { ServerTarget } from "../profiles/server-target.js";
import { safeText } from "../safe-text.js";
import { dateAndTime, span } from "../times.js";
import type { Check } from "./check.js";

const ANSWER_WITHIN_MS = 5_000;
/** The server's own has whole seconds, and takes a while to come. */
const CLOCK_NOTE_MS = 5_000;
/** Signatures are good for 30 seconds. */
const CLOCK_FAULT_MS = 30_000;

/** `elsewhere` says how to ask the server that runs on this machine at another address, if one does. */
export async function serverChecks(
  runtime: AgentRuntime,
  target: ServerTarget,
  elsewhere: string | undefined,
): Promise<readonly Check[]> {
  const reached = await reach(target, elsewhere);
  if (reached.some(({ state }) => state === "fault")) return reached;
  const who = await identityCheck(runtime, target);
  return [...reached, who, ...(who.state === "fault" ? [] : await workerChecks(runtime))];
}

async function reach({ url, from }: ServerTarget, elsewhere: string | undefined): Promise<readonly Check[]> {
  const name = "Server";
  const where = `${url}, of ${from}`;
  try {
    const answer = await fetch(new URL("/readyz", url), { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const now = Date.now();
    if (answer.status === 503) {
      const remedy = `NATS or an orchestrator is away; on its machine: ${commandName()} server status`;
      return [{ name, state: "fault", found: `${where}, answers and takes no requests`, remedy }];
    }
    if (answer.status !== 200) {
      const remedy = elsewhere ?? "Name the address of an Agentspan server with --url or a profile.";
      return [
        { name, state: "fault", found: `${where}, answers with ${answer.status} as no Agentspan server does`, remedy },
      ];
    }
    return [{ name, state: "ok", found: `${where}, takes requests` }, ...clockCheck(answer.headers.get("date"), now)];
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    const start = `Start it (${commandName()} server start), or name another with --url or a profile. A private authority of TLS is trusted by NODE_EXTRA_CA_CERTS.`;
    const remedy = elsewhere ?? start;
    return [{ name, state: "fault", found: `${where}, does not answer: ${safeText(why)}`, remedy }];
  }
}

export function clockCheck(date: string | null, now: number): readonly Check[] {
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return [];
  const off = Math.abs(now - theirs);
  const state = off > CLOCK_FAULT_MS ? "fault" : off > CLOCK_NOTE_MS ? "note" : "ok";
  if (state === "ok") return [{ name: "Clock", state, found: "as the server's" }];
  const found = `${span(off)} ${now > theirs ? "ahead of" : "behind"} the server's`;
  return [{ name: "Clock", state, found, remedy: "Set both by NTP: signatures are good for seconds." }];
}

async function identityCheck({ client }: AgentRuntime, { apiKey }: ServerTarget): Promise<Check> {
  const name = "Key";
  try {
    return identified(await client.call(IdentityService.method.whoAmI, {}), apiKey !== undefined);
  } catch (error) {
    if (!(error instanceof AgentspanError)) throw error;
    if (error.reason === "UNIMPLEMENTED") {
      return { name, state: "note", found: "the server is of an older version, which does not tell who calls" };
    }
    const remedy = `Ask an admin for a key (${commandName()} keys create), and set AGENTSPAN_API_KEY or a profile.`;
    return { name, state: "fault", found: safeText(error.message), remedy };
  }
}

function identified(who: WhoAmIResponse, hasKey: boolean): Check {
  const name = "Key";
  if (who.credentialKind === CredentialKind.UNSPECIFIED) {
    const found = `none is asked for: whoever reaches the server may do everything${hasKey ? ", and the one here is not looked at" : ""}`;
    return { name, state: "note", found, remedy: "Where others reach it: server start --auth, or AGENTSPAN_AUTH=on." };
  }
  const until = who.expiresAt === undefined ? "" : `, until ${dateAndTime(timestampDate(who.expiresAt))}`;
  const roles = who.roles.length === 0 ? "no roles" : who.roles.join(", ");
  const found = `${safeText(who.subject)} in ${safeText(who.namespace)}: ${safeText(roles)}${until}`;
  if (who.roles.length > 0) return { name, state: "ok", found };
  return {
    name,
    state: "fault",
    found,
    remedy: "Ask an admin for a key with a role, or for a role at the identity provider.",
  };
}

async function workerChecks({ client }: AgentRuntime): Promise<readonly Check[]> {
  const name = "Workers";
  try {
    const { workers, nextPageToken } = await client.call(WorkerService.method.listWorkers, { pageSize: 100 });
    const live = workers.filter((worker) => worker.live);
    const problems = live.filter(({ problem }) => problem !== "");
    const count = `${live.length}${nextPageToken === "" ? "" : " or more"} connected`;
    if (problems.length > 0) {
      const [first] = problems;
      return [
        {
          name,
          state: "note",
          found: `${count}, of which ${safeText(first?.workerId ?? "")}: ${safeText(first?.problem ?? "")}`,
        },
      ];
    }
    if (live.length > 0) return [{ name, state: "ok", found: count }];
    const remedy = "Calls wait until one serves their tools: start a program that calls serve(agent).";
    return [{ name, state: "note", found: "none connected", remedy }];
  } catch (error) {
    // Whoever may not ask is told of no fault.
    if (error instanceof AgentspanError)
      return [{ name, state: "note", found: `not told: ${safeText(error.message)}` }];
    throw error;
  }
}
