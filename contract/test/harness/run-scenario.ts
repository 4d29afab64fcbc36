import { until } from "@agentspan/e2e";
import { ERROR_DOMAIN } from "@agentspan/internal";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { expect } from "vitest";
import type { Check, Finish, Scenario } from "../checks/check.js";
import type { Call, End, Kind, Ongoing, Probe } from "./call.js";
import { codeOfReason } from "./codes.js";
import { SERVICES } from "./image.js";
import { at, has, type Variables } from "./variables.js";

/** What was asked, and what came of it, with names in place of values. */
export type Recorded = JsonObject;

export interface Subject {
  readonly probe: Probe;
  readonly port: number;
  readonly pingEveryMs: number | undefined;
  readonly variables: Variables;
}

interface Background {
  readonly check: Check;
  readonly ongoing: Ongoing;
}

/** Carries out the checks one after the other; throws where one is not told what every stack must be told. */
export async function runScenario({ checks }: Scenario, subject: Subject): Promise<Record<string, Recorded>> {
  const recorded: Record<string, Recorded> = {};
  const background = new Map<string, Background>();
  for (const check of checks) {
    if ("finish" in check) {
      const { check: begun, ongoing } = inBackground(background, check);
      background.delete(check.finish);
      recorded[begun.name] = await result(begun, ongoing, subject);
    } else if (check.background !== undefined) {
      const ongoing = subject.probe.begin(callOf(check, subject));
      await ongoing.arrived(check.background);
      background.set(check.name, { check, ongoing });
    } else if (check.until !== undefined) {
      const { until: pattern } = check;
      recorded[check.name] = await until(`${check.name}: ${JSON.stringify(pattern)}`, async () => {
        const ongoing = subject.probe.begin(callOf(check, subject));
        await ongoing.end;
        return has(ongoing.messages[0], pattern) && result(check, ongoing, subject);
      });
    } else {
      const ongoing = subject.probe.begin(callOf(check, subject));
      if (check.leaveAfter !== undefined) void ongoing.arrived(check.leaveAfter).then(() => ongoing.cancel());
      recorded[check.name] = await result(check, ongoing, subject);
    }
  }
  expect([...background.keys()], "every check in the background is finished").toEqual([]);
  return recorded;
}

function inBackground(background: ReadonlyMap<string, Background>, { finish }: Finish): Background {
  const found = background.get(finish);
  if (found === undefined) throw new Error(`No check ${finish} is in the background.`);
  return found;
}

function callOf(check: Check, { port, pingEveryMs, variables }: Subject): Call {
  const [service = "", name = ""] = (check.call.includes(".") ? check.call : `agentspan.v1.${check.call}`).split("/");
  const method = SERVICES.find(({ typeName }) => typeName === service)?.methods.find((each) => each.name === name);
  const input = check.input ?? method?.input.typeName;
  const output = check.output ?? method?.output.typeName;
  if (input === undefined || output === undefined) throw new Error(`No service has ${check.call}.`);
  const kind = (method?.methodKind ?? "unary") as Kind;
  const { deadlineMs, gzip, pings } = check;
  return {
    port,
    path: `/${service}/${name}`,
    kind,
    input,
    output,
    requests: (check.requests ?? [check.request ?? {}]).map((request) => variables.filled(request)),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(gzip === undefined ? {} : { gzip }),
    ...(pings === true && pingEveryMs !== undefined ? { pingEveryMs } : {}),
  };
}

async function result(check: Check, ongoing: Ongoing, { variables }: Subject): Promise<Recorded> {
  const { code, message = "", details = [] } = await ongoing.end;
  const left = check.leaveAfter === undefined ? "OK" : "CANCELLED";
  const right = check.refused === undefined ? (check.ends ?? left) : codeOfReason(check.refused);
  expect(code, `${check.name}: ${message}`).toBe(right);
  if (check.refused !== undefined) expectReason(check, { code, message, details });
  for (const [name, path] of Object.entries(check.save ?? {})) variables.set(name, textAt(ongoing.messages[0], path));
  const asked = check.requests === undefined ? (check.request ?? {}) : [...check.requests];
  // More may have come before the call was left.
  const answers = ongoing.messages
    .slice(0, check.leaveAfter)
    .map((answer) => variables.normal(mine(answer, check.mine, variables)));
  return {
    call: check.call,
    asked,
    ...(answers.length === 0 ? {} : { answers }),
    ...(code === "OK" ? {} : { code }),
    ...(details.length === 0 ? {} : { details: details.map((detail) => variables.normal(withoutProse(detail))) }),
  };
}

/** The words are for people, and may change; there must be some. */
function expectReason(
  { name, refused = "INTERNAL", message: words }: Check,
  { message = "", details = [] }: End,
): void {
  expect(details[0], name).toMatchObject({ reason: refused, domain: ERROR_DOMAIN });
  if (words === undefined) expect(message, name).toMatch(/\w+ \w/);
  else expect(message, name).toBe(words);
}

function withoutProse(detail: JsonObject): JsonObject {
  const { fieldViolations } = detail;
  if (!Array.isArray(fieldViolations)) return detail;
  return {
    ...detail,
    fieldViolations: fieldViolations.map((violation) => {
      expect(at(violation, "description")).toMatch(/\S/);
      return { field: at(violation, "field") ?? null };
    }),
  };
}

function mine(answer: JsonObject, list: string | undefined, variables: Variables): JsonObject {
  if (list === undefined) return answer;
  const entries = answer[list];
  if (!Array.isArray(entries)) throw new Error(`The answer has no list ${list}.`);
  const me = variables.get("me");
  return { ...answer, [list]: entries.filter((entry: JsonValue) => JSON.stringify(entry).includes(me)) };
}

function textAt(json: JsonObject | undefined, path: string): string {
  const value = at(json, path);
  if (typeof value !== "string") throw new Error(`The answer has no text at ${path}: ${JSON.stringify(json)}`);
  return value;
}
