// Requests of workers over NATS, as anybody with a connection could send them.

import { REASONS, WORKER_VERBS, type WorkerVerb, workerInboxPrefix, workerSubject } from "@agentspan/internal";
import * as proto from "@agentspan/proto";
import { type DescMessage, fromBinary, fromJsonString, type Message } from "@bufbuild/protobuf";
import { headers, type NatsConnection } from "nats";
import type { Body } from "./message-arbitrary.js";
import { type Outcome, told } from "./ways-in.js";

const HANG_MS = 20_000;

export const WORKER_MESSAGES: Readonly<Record<WorkerVerb, readonly [request: DescMessage, response: DescMessage]>> = {
  register: [proto.RegisterRequestSchema, proto.RegisterResponseSchema],
  claim: [proto.ClaimRequestSchema, proto.ClaimResponseSchema],
  heartbeat: [proto.HeartbeatRequestSchema, proto.HeartbeatResponseSchema],
  complete: [proto.CompleteRequestSchema, proto.CompleteResponseSchema],
  release: [proto.ReleaseRequestSchema, proto.ReleaseResponseSchema],
};

export { WORKER_VERBS };

/** Asks on the subject of a worker; the answer is read in the form that was asked in. */
export async function askAsWorker(
  nats: NatsConnection,
  workerId: string,
  verb: WorkerVerb,
  body: Body,
  form: "json" | "proto",
): Promise<Outcome> {
  const [, response] = WORKER_MESSAGES[verb];
  const typed = headers();
  typed.set("content-type", form === "json" ? "application/json" : "application/octet-stream");
  const reply = `${workerInboxPrefix(workerId)}.fuzz${crypto.randomUUID().replaceAll("-", "")}`;
  const answers = nats.subscribe(reply, { max: 1, timeout: HANG_MS });
  nats.publish(workerSubject(workerId, verb), form === "json" ? body.json : body.wire, { headers: typed, reply });
  try {
    for await (const { data } of answers) {
      const text = form === "json" ? new TextDecoder().decode(data) : "";
      const answer = form === "json" ? fromJsonString(response, text) : fromBinary(response, data);
      return outcomeOf(answer);
    }
    return { name: "hang", fault: "The subscription ended without an answer." };
  } catch (error) {
    return { name: "hang", fault: String(error) };
  }
}

function outcomeOf(answer: Message): Outcome {
  const { error, answer: claimed, status, released } = answer as Message & Answered;
  if (error !== undefined) {
    const known = (REASONS as readonly string[]).includes(error.reason);
    return known
      ? told(error.reason, error.message)
      : { name: error.reason, fault: `Not of the list: ${error.reason}` };
  }
  if (claimed?.case === "refusal") return { name: `refused ${proto.RefusalReason[claimed.value.reason]}`, answer };
  if (status !== undefined) return { name: proto.CompletionStatus[status] ?? `status ${status}`, answer };
  return { name: released === false ? "not released" : "ok", answer };
}

interface Answered {
  readonly error?: proto.WorkerError;
  readonly answer?: proto.ClaimResponse["answer"];
  readonly status?: proto.CompletionStatus;
  readonly released?: boolean;
}
