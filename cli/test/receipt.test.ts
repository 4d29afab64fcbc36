import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createSigningKeys,
  type DecisionStatement,
  decisionText,
  digestOf,
  type GrantStatement,
  grantText,
  makeReceipt,
  outcomeText,
  type Receipt,
  readReceipt,
  receiptFaults,
  receiptText,
  signingKey,
  TRUSTED_KEYS_FILE,
  TrustedKeys,
} from "@agentspan/internal";
import { type Event, EventSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, describe, expect, it } from "vitest";
import { main } from "../src/main.js";
import { capturedOutput } from "./captured-output.js";

const folder = mkdtempSync(join(tmpdir(), "agentspan-receipt-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [gateway, orchestrator] = createSigningKeys(join(folder, "keys"), ["gateways", "orchestrators"]);
const trusted = join(folder, "keys", TRUSTED_KEYS_FILE);
const AT = Date.parse("2026-06-01T12:00:00Z");
const ARGS = '{"amount":29.99,"note":"\u00fcber 20 €","order_id":"ORD-8821"}';
const SHOWN = '{"amount":99,"order_id":"ORD-8821"}';

function signed(text: string, by = orchestrator) {
  const key = signingKey(readFileSync(by?.path ?? "", "utf8"));
  return { keyId: key.id, signature: key.sign(text), signedText: text };
}

const at = { run: "run_1", call: "t1c1" };
const DECISION: DecisionStatement = {
  ...{ ...at, approval: "apr_1", decision: "dec_1", digest: digestOf(SHOWN), editedDigest: digestOf(ARGS) },
  ...{ outcome: "approved", closes: true, who: "bot", onBehalfOf: "ana@acme.test", method: "api_key" },
  ...{ credentialId: "k7", address: "10.0.0.7", comment: "less is enough", at: AT },
};
const GRANT: GrantStatement = {
  ...{ ...at, attempt: 1, nonceDigest: digestOf("n"), worker: "worker-1", tool: "refund", digest: digestOf(ARGS) },
  ...{ guarded: true, idempotencyKey: "run_1-t1c1", approval: "apr_1", decision: "dec_1" },
  ...{ grantedAt: AT + 1_000, expiresAt: AT + 31_000 },
};
const OUTCOME = { ...at, attempt: 1, tool: "refund", outcome: "result", digest: digestOf("{}"), at: AT + 2_000 };

interface Changes {
  readonly decision?: Partial<DecisionStatement>;
  readonly grant?: Partial<GrantStatement>;
  readonly outcome?: Partial<typeof OUTCOME>;
  readonly by?: typeof orchestrator | undefined;
}

function history({ decision, grant, outcome, by = orchestrator }: Changes = {}): readonly Event[] {
  const call = { callId: "t1c1", toolName: "refund" };
  const edit = { decision: { editedArgumentsJson: ARGS } };
  const bodies: readonly NonNullable<MessageInitShape<typeof EventSchema>["event"]>[] = [
    { case: "toolCall", value: { ...call, argumentsJson: SHOWN } },
    { case: "decided", value: { ...call, ...edit, signature: signed(decisionText({ ...DECISION, ...decision }), by) } },
    { case: "toolStarted", value: { ...call, attempt: 1, grant: signed(grantText({ ...GRANT, ...grant })) } },
    { case: "toolResult", value: { ...call, attempt: 1, signature: signed(outcomeText({ ...OUTCOME, ...outcome })) } },
  ];
  return bodies.map((event) => create(EventSchema, { runId: "run_1", event }));
}

function receipt(changes: Changes = {}): Receipt {
  const made = makeReceipt(history(changes), "t1c1");
  if ("why" in made) throw new Error(made.why);
  return made;
}

async function verify(text: string, ...flags: string[]): Promise<{ code: number; said: string }> {
  const file = join(folder, "receipt.json");
  writeFileSync(file, text);
  const { output, out, err } = capturedOutput();
  const code = await main(
    ["receipt", "verify", file, ...(flags.length > 0 ? flags : ["--trusted-keys", trusted])],
    output,
  );
  return { code, said: out() + err() };
}

describe("a receipt", () => {
  it("holds without any server, and says what was checked", async () => {
    const { code, said } = await verify(receiptText(receipt()));
    expect(code).toBe(0);
    for (const words of [
      "The receipt holds.",
      "run_1, call t1c1: refund",
      "bot for ana@acme.test (api_key k7 10.0.0.7)",
    ]) {
      expect(said).toContain(words);
    }
    expect(said).toContain(`3 signatures, by ${orchestrator?.id}: keys of orchestrators in ${trusted}`);
    expect(said).toContain("with other arguments than those shown");
    expect(said).toMatch(/Preview +none checked/);
  });

  it("says which preview was checked, and holds where that is the one that was shown", async () => {
    const preview = digestOf("40");
    const shown = { decision: { editedDigest: "", digest: digestOf(ARGS), preview }, grant: { preview } };
    const { code, said } = await verify(receiptText(receipt(shown)));
    expect(code).toBe(0);
    expect(said).toMatch(new RegExp(`Preview +checked ${preview}`));
    expect(said).toContain("would have done what was shown");
  });

  it("holds of somebody who may decide by a group", async () => {
    const { code } = await verify(receiptText(receipt({ decision: { group: "finance" } })));
    expect(code).toBe(0);
  });

  it("has the votes that counted: each person's last, without the decider's own, and none from before an edit", () => {
    const plain = { ...DECISION, digest: digestOf(ARGS), editedDigest: "", onBehalfOf: "" };
    const vote = (decision: string, more: Partial<DecisionStatement>) => ({
      ...plain,
      closes: false,
      decision,
      ...more,
    });
    const said = (votes: readonly DecisionStatement[], decision: Partial<DecisionStatement> = {}) => {
      const decided = { ...plain, who: "ana", ...decision };
      const acts = votes.map((one) => ({
        case: "voted" as const,
        value: { callId: "t1c1", signature: signed(decisionText(one)) },
      }));
      const [call, own, ...rest] = history({ decision: decided });
      const events = [call, ...acts.map((event) => create(EventSchema, { runId: "run_1", event })), own, ...rest];
      const made = makeReceipt(
        events.flatMap((event) => (event === undefined ? [] : [event])),
        "t1c1",
      );
      if ("why" in made) throw new Error(made.why);
      return made.votes.map(({ statement }) => statement.decision);
    };
    const votes = [
      vote("ben-1", { who: "ben" }),
      vote("ana-1", { who: "ana" }),
      vote("ben-2", { who: "bot", onBehalfOf: "ben" }),
      vote("cy-1", { who: "cy" }),
    ];
    expect(said(votes)).toEqual(["ben-2", "cy-1"]);
    const edit = vote("dan-1", { who: "dan", digest: digestOf(SHOWN), editedDigest: digestOf(ARGS) });
    expect(said([...votes, edit, vote("cy-2", { who: "cy" })])).toEqual(["dan-1", "cy-2"]);
    expect(said(votes, { digest: digestOf(SHOWN), editedDigest: digestOf(ARGS) })).toEqual([]);
  });

  it("of a call that started a run is to be had of that run's calls", () => {
    const call = { callId: "t1c1", toolName: "ask_expert" };
    const events = [
      { case: "toolCall" as const, value: { ...call, argumentsJson: "{}" } },
      { case: "childStarted" as const, value: { callId: "t1c1", childRunId: "run_2" } },
    ].map((event) => create(EventSchema, { runId: "run_1", event }));
    expect(makeReceipt(events, "t1c1")).toEqual({ why: expect.stringContaining("It started run run_2") });
  });

  it("does not hold where a single byte of it is another", async () => {
    const bytes = Buffer.from(receiptText(receipt()), "utf8");
    const keys = TrustedKeys.read(readFileSync(trusted, "utf8"));
    if (!(keys instanceof TrustedKeys)) throw new Error(keys.faults.join("; "));
    const holding: number[] = [];
    for (let i = 0; i < bytes.length; i += 1) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      const read = readReceipt(changed.toString("utf8"));
      if (read !== undefined && receiptFaults(read, keys).length === 0) holding.push(i);
    }
    expect(holding).toEqual([]);
    expect((await verify(`${bytes.toString("utf8")} `)).code).toBe(1);
  });

  it.each<[string, Changes, RegExp]>([
    [
      "a preview that was shown and not checked",
      { decision: { editedDigest: "", digest: digestOf(ARGS), preview: digestOf("40") } },
      /not checked against what was shown/,
    ],
    [
      "another preview than was shown",
      {
        decision: { editedDigest: "", digest: digestOf(ARGS), preview: digestOf("40") },
        grant: { preview: digestOf("30") },
      },
      /not checked against what was shown/,
    ],
    ["a check of what nobody was shown", { grant: { preview: digestOf("40") } }, /not checked against what was shown/],
    ["a rejection", { decision: { outcome: "rejected" } }, /the decision is rejected/],
    ["other arguments", { decision: { editedDigest: digestOf("{}") } }, /what was granted is not what was approved/],
    ["another call", { outcome: { call: "t1c2" } }, /of different calls/],
    ["another attempt", { outcome: { attempt: 2 } }, /another attempt/],
    ["an outcome before the grant", { outcome: { at: AT } }, /not in order/],
    ["a gateway's key", { by: gateway }, /the decision: key .* is that of a gateway/],
  ])("does not hold with %s, well signed as it may be", async (_, changes, why) => {
    const { code, said } = await verify(receiptText(receipt(changes)));
    expect(code).toBe(1);
    expect(said).toMatch(why);
  });

  it("is not made up where something is missing, and says what", () => {
    expect(makeReceipt(history(), "t1c9")).toEqual({ why: "The run has no such call." });
    expect(makeReceipt(history().slice(0, 3), "t1c1")).toMatchObject({ why: expect.stringMatching(/no outcome yet/) });
    const unsigned = history().map((event) => {
      if (event.event.case === "toolStarted") delete event.event.value.grant;
      return event;
    });
    expect(makeReceipt(unsigned, "t1c1")).toMatchObject({
      why: expect.stringMatching(/Nothing of the call is signed/),
    });
    expect(makeReceipt(history({ grant: { approval: "" } }), "t1c1")).toMatchObject({ why: /Nobody had to approve/ });
  });

  it("is made with the arguments that an earlier vote put in, which stand in the approval", () => {
    const events = history().map((event) => {
      if (event.event.case === "decided") delete event.event.value.decision;
      return event;
    });
    expect(makeReceipt(events, "t1c1")).toMatchObject({ why: expect.stringMatching(/with which arguments/) });
    expect(makeReceipt(events, "t1c1", ["{}", ARGS])).toMatchObject({ arguments: ARGS });
  });

  it("is read in its one form only", () => {
    const text = receiptText(receipt());
    expect(readReceipt(text)).toBeDefined();
    expect(readReceipt(text.replace('"votes": []', '"votes": [],\n  "more": 1'))).toBeUndefined();
    expect(readReceipt("{}")).toBeUndefined();
  });

  it("needs keys to trust, which are named where they are missing", async () => {
    const { code, said } = await verify(receiptText(receipt()), "--trusted-keys", join(folder, "none.json"));
    expect(code).toBe(2);
    expect(said).toMatch(/none.json cannot be read.*--trusted-keys/);
  });
});

describe("agentspan signing-keys create", () => {
  it("makes keys, says how they are set, and adds further ones", async () => {
    const keys = join(folder, "made");
    const { output, out } = capturedOutput();
    expect(await main(["signing-keys", "create", keys], output)).toBe(0);
    expect(await main(["signing-keys", "create", keys, "--for", "orchestrator"], output)).toBe(0);
    expect(out().match(/AGENTSPAN_SIGNING_KEY_FILE=/g)).toHaveLength(3);
    const lists = JSON.parse(readFileSync(join(keys, TRUSTED_KEYS_FILE), "utf8")) as Record<string, unknown[]>;
    expect(lists.orchestrators).toHaveLength(2);
    expect(lists.gateways).toHaveLength(1);
  });
});
