// The TypeScript driver with one fault, which CONFORMANCE_FAULT names: to show that a worker which lacks a behaviour does
// not pass its scenario. What its SDK says on the bus, and what it hears, is changed on the way.
import crypto from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { CompletionStatus, ProbeVerdict, RefusalReason, ReleaseReason } from "@agentspan/proto";
import type { Answer, Seen } from "./worker-wire.js";

type Request = Seen["request"];
type Ask = (verb: Seen["verb"], messages: unknown, request: Request, options: unknown) => Promise<Answer | undefined>;

interface Link {
  ask: Ask;
  publish(subject: string, body: string, reply?: string): void;
}

interface Fault {
  /** Before anything is imported that might be affected. */
  readonly begin?: () => void;
  /** Changes what is asked. */
  readonly asked?: (request: Request) => void;
  /** In place of asking. */
  readonly ask?: (request: Request, ask: () => Promise<Answer | undefined>) => Promise<Answer | undefined>;
  /** Changes what is heard. */
  readonly heard?: (answer: Answer) => void;
  /** What is said to NATS in place of a word about a hint. */
  readonly said?: (word: string) => string;
}

const isRegister = (request: Request) => request.$typeName === "agentspan.v1.RegisterRequest";
const claims = new Map<string, number>();

const FAULTS: Readonly<Record<string, Fault>> = {
  "has one incarnation for ever": {
    asked: (request) => {
      request.incarnation = "inc_1";
    },
  },
  "gives up where nobody answers its registration": {
    ask: async (request, ask) => {
      const answer = await ask();
      if (answer === undefined && isRegister(request)) throw new Error("Nobody answers.");
      return answer;
    },
  },
  "does not register again": {
    heard: (answer) => {
      if (answer.$typeName === "agentspan.v1.HeartbeatResponse") answer.register = false;
    },
  },
  "takes more than it has room for": {
    begin: () => {
      process.env.CONFORMANCE_CONCURRENCY = "16";
    },
  },
  "believes whoever grants": { begin: forgetKeys },
  "has a short nonce": {
    begin: () => {
      const { randomBytes } = crypto;
      crypto.randomBytes = ((size: number) => randomBytes(size).subarray(0, 8)) as typeof crypto.randomBytes;
      syncBuiltinESMExports();
    },
  },
  "asks first whoever is there": {
    ask: (request, ask) => {
      if (request.$typeName === "agentspan.v1.ClaimRequest") {
        const nth = (claims.get(request.callId) ?? 0) + 1;
        claims.set(request.callId, nth);
        if (nth === 1) return Promise.resolve(undefined);
      }
      return ask();
    },
  },
  "acknowledges hints before their claims are answered": { said: (word) => (word === "+WPI" ? "+ACK" : word) },
  "acknowledges no hint": { said: (word) => (word === "+ACK" ? "+WPI" : word) },
  "calls each function twice": {
    begin: () => {
      const { appendFileSync } = fs;
      fs.appendFileSync = (file, line) => {
        if (String(line).startsWith('{"step":"begin"')) appendFileSync(file, line);
        appendFileSync(file, line);
      };
      syncBuiltinESMExports();
    },
  },
  "opens its owner's gates": {
    begin: forgetKeys,
    heard: (answer) => {
      if (answer.$typeName !== "agentspan.v1.ClaimResponse" || answer.answer.case !== "grant") return;
      if (answer.answer.value.proof !== undefined) answer.answer.value.proof.approvalId = "apr_0";
    },
  },
  "says why in no words": {
    asked: (request) => {
      if (request.$typeName === "agentspan.v1.ReleaseRequest") request.detail = "refused";
    },
  },
  "hands all back as too late": {
    asked: (request) => {
      if (request.$typeName === "agentspan.v1.ReleaseRequest") request.reason = ReleaseReason.TOO_LATE;
    },
  },
  "has no clock": {
    begin: () => {
      const [monotonic, wall] = [performance.now(), Date.now()];
      performance.now = () => monotonic;
      Date.now = () => wall;
    },
  },
  "reads large numbers as others": {
    begin: () => readOtherwise((_, value) => (value === 2 ** 53 + 2 ? 2 ** 53 : value)),
  },
  "loses keys that are special to it": {
    begin: () => readOtherwise((key, value) => (key === "__proto__" ? undefined : value)),
  },
  "tells another key": {
    begin: forgetKeys,
    heard: (answer) => {
      if (answer.$typeName !== "agentspan.v1.ClaimResponse" || answer.answer.case !== "grant") return;
      answer.answer.value.idempotencyKey += "-2";
    },
  },
  "tells no deadline": {
    heard: (answer) => {
      if (answer.$typeName !== "agentspan.v1.ClaimResponse" || answer.answer.case !== "grant") return;
      delete answer.answer.value.deadline;
    },
  },
  "is silent when idle": {
    ask: (request, ask) => {
      const idle = request.$typeName === "agentspan.v1.HeartbeatRequest" && request.tasks.length === 0;
      return idle ? Promise.resolve(undefined) : ask();
    },
  },
  "does not count its heartbeats": {
    asked: (request) => {
      if (request.$typeName === "agentspan.v1.HeartbeatRequest") request.counter = 1n;
    },
  },
  "names only what has begun": {
    asked: (request) => {
      if (request.$typeName !== "agentspan.v1.HeartbeatRequest") return;
      request.tasks = request.tasks.filter(({ begun }) => begun);
    },
  },
  "names nothing": {
    asked: (request) => {
      if (request.$typeName === "agentspan.v1.HeartbeatRequest") request.tasks = [];
    },
  },
  "says of nothing that it has begun": {
    asked: (request) => {
      if (request.$typeName !== "agentspan.v1.HeartbeatRequest") return;
      for (const task of request.tasks) task.begun = false;
    },
  },
  "tells no digest": {
    asked: (request) => {
      if (request.$typeName === "agentspan.v1.CompleteRequest") request.argumentsDigest = "";
    },
  },
  "tells an outcome once": {
    ask: async (request, ask) => {
      const answer = await ask();
      return answer === undefined && request.$typeName === "agentspan.v1.CompleteRequest" ? accepted() : answer;
    },
  },
  "takes no refusal of an outcome for a wish to register": {
    heard: (answer) => {
      if (answer.$typeName === "agentspan.v1.CompleteResponse" && answer.error !== undefined) answer.error.reason = "";
    },
  },
  "tells an outcome again whatever is answered": {
    ask: async (request, ask) => {
      const answer = await ask();
      if (request.$typeName === "agentspan.v1.CompleteRequest") await ask();
      return answer;
    },
  },
  "takes every failure for one that may be tried again": {
    asked: (request) => {
      if (request.$typeName !== "agentspan.v1.CompleteRequest" || request.outcome.case !== "failure") return;
      request.outcome.value.retryable = true;
    },
  },
  "does not heed what is to stop": {
    heard: (answer) => {
      if (answer.$typeName === "agentspan.v1.HeartbeatResponse") answer.stop = [];
    },
  },
  "takes unknown for no": {
    asked: (request) => {
      if (request.$typeName !== "agentspan.v1.CompleteRequest" || request.outcome.case !== "probeAnswer") return;
      const { value } = request.outcome;
      if (value.verdict === ProbeVerdict.UNKNOWN) value.verdict = ProbeVerdict.DID_NOT_HAPPEN;
    },
  },
  "keeps from others what it cannot do": { said: (word) => (word.startsWith("-NAK") ? "+ACK" : word) },
  "answers another preview": {
    asked: (request) => {
      if (request.$typeName !== "agentspan.v1.CompleteRequest" || request.outcome.case !== "previewAnswer") return;
      request.outcome.value.number += 1;
    },
  },
  "takes what it does not know for a probe": {
    heard: (answer) => {
      if (answer.$typeName !== "agentspan.v1.ClaimResponse" || answer.answer.case !== "refusal") return;
      const { value } = answer.answer;
      if (RefusalReason[value.reason] === undefined) value.reason = RefusalReason.PROBE;
    },
  },
};

function forgetKeys(): void {
  process.env.AGENTSPAN_TRUSTED_KEYS_FILE = "";
}

function accepted(): Answer {
  return {
    $typeName: "agentspan.v1.CompleteResponse",
    status: CompletionStatus.ACCEPTED,
    detail: "",
    orchestratorId: "",
  };
}

function readOtherwise(reviver: (key: string, value: unknown) => unknown): void {
  const { parse } = JSON;
  JSON.parse = (text: string) => parse(text, reviver) as unknown;
}

const name = process.env.CONFORMANCE_FAULT ?? "";
const fault = FAULTS[name];
if (fault === undefined) throw new Error(`There is no fault ${JSON.stringify(name)}.`);
fault.begin?.();

// What the SDK keeps to itself; by a path, so that one bundle has it and the SDK.
const { NatsLink } = await import("../../../sdk-ts/dist/worker/nats-link.js");
const link = NatsLink.prototype as unknown as Link;
const { ask, publish } = link;
link.ask = async function (this: Link, verb, messages, request, options) {
  fault.asked?.(request);
  const plainly = () => ask.call(this, verb, messages, request, options);
  const answer = await (fault.ask?.(request, plainly) ?? plainly());
  if (answer !== undefined) fault.heard?.(answer);
  return answer;
};
link.publish = function (this: Link, subject, body, reply) {
  const said = subject.startsWith("$JS.ACK.") ? (fault.said?.(body) ?? body) : body;
  publish.call(this, subject, said, reply);
};

await import("./driver.js");
