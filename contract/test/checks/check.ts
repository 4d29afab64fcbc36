// What every stack is asked, as data, so that no stack has expectations of its own. What it must be told stands in
// testdata: the answers in their JSON form, with ids and times replaced by names.
import type { Reason } from "@agentspan/internal";
import type { JsonObject } from "@bufbuild/protobuf";

/** "<name>" in a request is what an earlier answer was saved as, or one of the runner's own: see variables.ts. */
export interface Check {
  /** Unique in its scenario. */
  readonly name: string;
  /** "RunService/Start"; with its package where it is not the contract's own. */
  readonly call: string;
  readonly request?: JsonObject;
  /** Of a conversation. */
  readonly requests?: readonly JsonObject[];
  /** Another message than the method's own, or the messages of a method that does not exist. */
  readonly input?: string;
  readonly output?: string;
  /** Asks again until the answer has this. */
  readonly until?: JsonObject;
  /** Names for what the first answer has at a path: { run: "runId" }. */
  readonly save?: Readonly<Record<string, string>>;
  /** Of this list only the entries that name <me> are compared: others are at work on the same server. */
  readonly mine?: string;
  readonly refused?: Reason;
  /** The code of an end that has none of the contract's reasons. */
  readonly ends?: string;
  /** The very words of a refusal. */
  readonly message?: string;
  /** Cancels the call when so many answers have come. */
  readonly leaveAfter?: number;
  /** Milliseconds. */
  readonly deadlineMs?: number;
  readonly gzip?: boolean;
  /** Over a connection on which the client pings as often as it can, where its protocol has pings. */
  readonly pings?: boolean;
  /** Goes on while the next checks run, once so many answers have come, until a `finish`. */
  readonly background?: number;
}

/** Waits for the end of a check that runs in the background. */
export interface Finish {
  readonly finish: string;
}

/** "port" speaks every protocol, "grpcPort" gRPC alone. */
export type Port = "port" | "grpcPort";

/** What not every stack can say: both sides stream; requests that are compressed; messages that are not the call's own. */
export type Feature = "conversations" | "gzip" | "other messages";

export interface Scenario {
  /** Of its file in testdata, too. */
  readonly name: string;
  /** Both unless said. */
  readonly only?: Port;
  readonly checks: readonly (Check | Finish)[];
}

/** What a stack must be able to say. */
export function featuresOf({ checks }: Scenario): ReadonlySet<Feature> {
  return new Set(
    checks.flatMap((check): readonly Feature[] => [
      ...("requests" in check ? (["conversations"] as const) : []),
      ...("gzip" in check ? (["gzip"] as const) : []),
      ...("input" in check ? (["other messages"] as const) : []),
    ]),
  );
}
