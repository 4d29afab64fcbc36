// What a gateway takes for Slack's, whom it takes somebody for, and what it makes of what was pressed.
import { createHmac } from "node:crypto";
import { buttonText, type SlackAnswer } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/auth/identity.js";
import { Refused } from "../../src/auth/identity.js";
import { formText, readAct } from "../../src/slack/payload.js";
import { NobodyHere, SlackPeople } from "../../src/slack/people.js";
import { isFromSlack } from "../../src/slack/signature.js";
import { readSlackUsers, slackOf } from "../../src/slack/slack-settings.js";

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const NOW = 1_531_420_618_000;

const signed = (body: string, timestamp = "1531420618", secret = SECRET) => ({
  ...{ timestamp, body: Buffer.from(body) },
  signature: `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`,
});

describe("a request of Slack's", () => {
  it("is one whose signature is of its time and its very body, by our secret, and not of long ago", () => {
    // The request, the secret and the signature that Slack's page about verifying shows.
    const body = Buffer.from(
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    );
    const signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    expect(isFromSlack({ timestamp: "1531420618", signature, body }, SECRET, NOW)).toBe(true);
    expect(isFromSlack(signed("a=ž"), SECRET, NOW)).toBe(true);
    expect(isFromSlack(signed("a=b"), SECRET, NOW + 300_000)).toBe(true);
    expect(isFromSlack(signed("a=b"), SECRET, NOW + 301_000)).toBe(false);
    expect(isFromSlack(signed("a=b"), SECRET, NOW - 301_000)).toBe(false);
    expect(isFromSlack(signed("a=b", "1531420618", "another secret"), SECRET, NOW)).toBe(false);
    expect(isFromSlack({ ...signed("a=b"), body: Buffer.from("a=c") }, SECRET, NOW)).toBe(false);
    expect(isFromSlack({ ...signed("a=b"), timestamp: "1531420619" }, SECRET, NOW)).toBe(false);
    for (const odd of ["", "v0=", "v0=ž", signed("a=b").signature.slice(0, -1)]) {
      expect(isFromSlack({ ...signed("a=b"), signature: odd }, SECRET, NOW)).toBe(false);
    }
    for (const odd of ["", "NaN", "-1", "1e9", "1531420618 "]) {
      expect(isFromSlack(signed("a=b", odd), SECRET, NOW)).toBe(false);
    }
  });
});

const button = { runId: "run_a", approvalId: "apr_b", digest: "sha256:00" };
const pressed = (more: object = {}, action: object = {}) =>
  JSON.stringify({
    ...{ type: "block_actions", team: { id: "T1" }, user: { id: "U1" }, channel: { id: "C1" }, trigger_id: "t" },
    actions: [{ action_id: "agentspan_approve", action_ts: "1.2", value: buttonText(button), ...action }],
    ...more,
  });

describe("what was pressed", () => {
  it("is read of our own buttons and forms, and of nothing else", () => {
    const who = { team: "T1", user: "U1", channel: "C1", button };
    expect(readAct(pressed())).toEqual({ ...who, kind: "approve", act: "1.2" });
    const reject = { action_id: "agentspan_reject" };
    expect(readAct(pressed({}, reject))).toEqual({ ...who, kind: "ask_why", act: "1.2", trigger: "t" });
    const values = { reason: { reason: { value: "no" } } };
    const view = {
      id: "V1",
      callback_id: "agentspan_reject",
      private_metadata: formText(button, "C1"),
      state: { values },
    };
    const form = { type: "view_submission", team: { id: "T1" }, user: { id: "U1" }, view };
    expect(readAct(JSON.stringify(form))).toEqual({ ...who, kind: "reject", act: "V1", reason: "no" });
    const odd = [
      ...[
        "",
        "null",
        "[]",
        "{}",
        pressed({ type: "block_suggestion" }),
        pressed({ user: {} }),
        pressed({ actions: [] }),
      ],
      ...[pressed({ channel: undefined }), pressed({}, { action_id: "agentspan_open" })],
      JSON.stringify({ ...form, view: { ...view, callback_id: "another" } }),
      JSON.stringify({ ...form, view: { ...view, private_metadata: "{}" } }),
    ];
    for (const payload of odd) expect(readAct(payload), payload).toBeUndefined();
    for (const value of [undefined, "", "[]", '["a","b"]', '["a","",""]']) {
      expect(readAct(pressed({}, { value }))).toEqual({ kind: "unreadable", user: "U1", channel: "C1" });
    }
  });
});

describe("a user of Slack", () => {
  const maria: Identity = {
    caller: { subject: "maria", roles: ["approver"], groups: ["finance"], method: "api_key", credentialId: "k1" },
    namespace: "acme",
    stillGood: async () => undefined,
  };
  const holder = async (keyId: string): Promise<Identity> => {
    if (keyId === "k1") return maria;
    throw new Refused("revoked", "API key k2 has been revoked.");
  };
  const users = [
    { user: "U1", key: "k1" },
    { email: "Maria@acme.test", key: "k1" },
    { user: "U9", key: "k2" },
  ];
  const profile = (user: object): SlackAnswer => ({ ok: true, body: { ok: true, user } });
  const people = (answer: SlackAnswer, more: object = {}) =>
    new SlackPeople({ api: { call: async () => answer }, users, keys: { holder }, ...more });
  const nobody = async (): Promise<Identity> => Promise.reject(new Error("Somebody is asked for."));
  const none: SlackAnswer = { ok: false, error: "user_not_found", status: 200 };

  it("has the rights of the key that they stand for, by id or by the e-mail of their profile, and it is told by what", async () => {
    for (const [user, answer] of [
      ["U1", none],
      ["U2", profile({ profile: { email: "maria@ACME.test" } })],
    ] as const) {
      const { identity, onBehalfOf } = await people(answer).personOf("T1", user, nobody);
      expect(onBehalfOf).toBe("");
      expect(identity).toMatchObject({
        namespace: "acme",
        caller: { subject: "maria", groups: ["finance"], method: "slack" },
      });
      expect(identity.caller.credentialId).toBe(`T1/${user}/k1`);
    }
  });

  it("is nobody without a key that is good, and where Slack does not say who they are", async () => {
    const odd = [
      none,
      profile({}),
      profile({ profile: { email: 7 } }),
      profile({ profile: { email: "eve@evil.test" } }),
    ];
    const gone = { profile: { email: "maria@acme.test" } };
    for (const answer of [...odd, profile({ ...gone, deleted: true }), profile({ ...gone, is_bot: true })]) {
      await expect(people(answer).personOf("T1", "U2", nobody)).rejects.toBeInstanceOf(NobodyHere);
    }
    await expect(people(none).personOf("T1", "U9", nobody)).rejects.toThrow(/not good any more/);
    const away: SlackAnswer = { ok: false, error: "" };
    await expect(people(away).personOf("T1", "U2", nobody)).rejects.toMatchObject({ reason: "BUS_UNAVAILABLE" });
  });

  it("is known by their e-mail where nobody has keys", async () => {
    const anonymous: Identity = { ...maria, caller: { ...maria.caller, subject: "anonymous", method: "none" } };
    const open = people(profile({ profile: { email: "Maria@acme.test" } }), { keys: undefined, users: [] });
    const { identity, onBehalfOf } = await open.personOf("T1", "U2", async () => anonymous);
    expect([identity.caller.subject, onBehalfOf]).toEqual(["anonymous", "maria@acme.test"]);
  });
});

describe("the settings of Slack", () => {
  const url = "https://slack.com/api/";
  const known = {
    slackSecret: SECRET,
    slackToken: "xoxb-1",
    slackUrl: url,
    slackUsers: undefined,
    slackUsersFile: undefined,
  };

  it("are a list of users, each with a key", () => {
    const list = '[{"user":"U0123ABCD","key":"maria"},{"email":"noah@acme.test","key":"noah"}]';
    expect(readSlackUsers("USERS", list)).toEqual({ values: JSON.parse(list) });
    for (const odd of [
      ...[
        "",
        "{}",
        '[{"key":"k"}]',
        '[{"user":"U1A","email":"a@acme.test","key":"k"}]',
        '[{"user":"maria","key":"k"}]',
      ],
      ...[
        '[{"user":"U1A"}]',
        '[{"user":"U1A","key":"k","roles":["admin"]}]',
        '[{"user":"U1A","key":"a"},{"user":"U1A","key":"b"}]',
      ],
    ]) {
      expect(readSlackUsers("USERS", odd)).toHaveProperty("faults");
    }
  });

  it("belong together", () => {
    const faultsOf = (more: object, auth = true) => {
      const faults: string[] = [];
      const made = slackOf({ ...known, ...more }, auth, faults);
      return { made: made !== undefined, faults: faults.map((fault) => fault.replace(/ is .*/, "")) };
    };
    const users = { slackUsers: '[{"user":"U1A","key":"k"}]' };
    expect(faultsOf({})).toEqual({ made: true, faults: [] });
    expect(faultsOf(users)).toEqual({ made: true, faults: [] });
    expect(faultsOf({ slackSecret: undefined })).toEqual({ made: false, faults: [] });
    expect(faultsOf({ slackToken: undefined })).toEqual({ made: false, faults: ["AGENTSPAN_SLACK_SIGNING_SECRET"] });
    expect(faultsOf(users, false)).toEqual({ made: true, faults: ["AGENTSPAN_SLACK_USERS"] });
    expect(faultsOf({ ...users, slackSecret: undefined })).toEqual({ made: false, faults: ["AGENTSPAN_SLACK_USERS"] });
    expect(faultsOf({ slackUsers: "secret text" }).faults.join()).not.toContain("secret text");
  });
});
