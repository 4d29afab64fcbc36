// Runs of a signed stack: what is kept of them, and what somebody does who means no good.
import { readFileSync } from "node:fs";
import { signingKey, signingKeyIn, TASK_STREAM, taskSubject } from "@agentspan/internal";
import { type Event, TaskHintSchema } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { connect } from "nats";
import { deskAgent, type Stack, until } from "../src/index.js";
import { call, type DeskRun, REFUND, startRun, theApproval } from "./desk-run.js";

/** A run of a queue that nobody serves, whose refund waits for a person. */
export async function waitingRun(stack: Stack, name: string, queue: string): Promise<DeskRun> {
  const run = await startRun(stack, name, [call("refund", REFUND), { text: "ok" }], { agent: deskAgent(queue) });
  await theApproval(run);
  return run;
}

export async function historyOf(stack: Stack, { runId }: DeskRun): Promise<readonly Event[]> {
  return (await stack.rpc().runs.getHistory({ runId, pageSize: 100 })).events;
}

type Body = Event["event"];
type BodyOf<C> = Extract<Body, { readonly case: C }> extends { readonly value: infer V } ? V : never;

export function only<C extends NonNullable<Body["case"]>>(events: readonly Event[], name: C): BodyOf<C> {
  const found = events.flatMap(({ event }) => (event.case === name ? [event.value as BodyOf<C>] : []));
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`There are ${found.length} events ${name}.`);
  return first;
}

/** The key that these processes of the stack sign with. */
export function keyOf({ keysFolder }: Stack, signer: "gateways" | "orchestrators") {
  const file = signingKeyIn(keysFolder, signer, Date.now());
  if (file === undefined) throw new Error(`There is no key of ${signer}.`);
  return signingKey(readFileSync(file.path, "utf8"));
}

/** What anybody can say on NATS: that an attempt is there to be claimed. */
export async function hint(
  { servers }: Stack,
  runId: string,
  callId: string,
  queue: string,
  { tool = "refund", attempt = 1 }: { readonly tool?: string; readonly attempt?: number } = {},
): Promise<void> {
  const nats = await connect({ servers: servers.natsUrl });
  const subject = taskSubject({ namespace: "default", queue, tool, runId, callId, attempt });
  const body = toBinary(TaskHintSchema, create(TaskHintSchema, { runId, callId, attempt }));
  await until("the stream takes the hint", () =>
    nats.jetstream().publish(subject, body, { expect: { streamName: TASK_STREAM } }),
  );
  await nats.close();
}
