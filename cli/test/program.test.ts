import { Limits, ROLES, readApiKey } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { commandName } from "../src/command-name.js";
import { main } from "../src/main.js";
import { MOST_DAYS, MOST_GRANT_USES, moreWords } from "../src/options.js";
import { KEY_ROLES } from "../src/program.js";
import { capturedOutput } from "./captured-output.js";

async function called(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { output, out, err } = capturedOutput();
  const code = await main(args, output);
  return { code, out: out(), err: err() };
}

describe("a call that is not understood", () => {
  it.each([
    [["frobnicate"], `Unknown command 'frobnicate'.\nSee: ${commandName()} --help\n`],
    [["server", "strat"], `Unknown command 'strat'\n(Did you mean start?)\nSee: ${commandName()} server --help\n`],
    [["keys", "revoke"], `Missing required argument 'key'.\nSee: ${commandName()} keys revoke --help\n`],
    [["prove", "--runs", "0"], "It must be a whole number, 1 or more."],
    [["runs", "list", "--jsn"], "Unknown option '--jsn'\n(Did you mean --json?)"],
    [["runs", "show"], "Missing required argument 'run'."],
    [["runs", "list", "--state", "ASLEEP"], "Allowed choices are RUNNING, WAITING,"],
    [["runs", "list", "--limit", "0"], "It must be a whole number from 1 to 999999."],
    [["runs", "events", "run_1", "--after", "-1"], "It must be a whole number, 0 or more."],
    [["server", "start", "--port", "70000"], "A port is a whole number from 0 to 65535."],
    [["server", "start", "--data", ""], "It must name a folder."],
    [["demo", "--approve", "--data", " "], "It must name a folder."],
    [["runs", "list", "--url", "foo"], "It must be an address such as http://127.0.0.1:6767."],
    [["approve", "run_1", "--url", "localhost:6767"], "It must be an address such as http://127.0.0.1:6767."],
    [["reject", "run_1"], "Required option '--reason <text>' not specified."],
    ...["", " \t", "\u200b\u2060\u00a0", "\u2800\u3164\ue000"].map((reason): [string[], string] => [
      ["reject", "run_1", "--reason", reason],
      "Please say why: the agent is told, and answers to it.",
    ]),
    [["settle", "run_1"], "Say what became of the call with one of --happened, --run-again and --give-up."],
    [["settle", "run_1", "--give-up", "--happened"], "with one of --happened, --run-again and --give-up."],
    [["settle", "run_1", "--give-up", "--result", "1"], "--result belongs to --happened"],
    [["settle", "run_1", "--happened", "--result", "{a}"], "--result must be JSON"],
    [["demo", "--approve", "--reject", "no"], "--approve and --reject exclude each other."],
    [["demo", "--reject", " \u2800"], "--reject needs a reason"],
    [["keys", "create", "--owner", "a", "--roles", "runner"], "Unknown option '--roles'\n(Did you mean --role?)"],
    [["reject", "run_1", "--reasn=no"], "Unknown option '--reasn"],
    [["approve", "run_1", "--arguments", "{a}"], "--arguments must be JSON"],
    [["approve", "run_1", "--arguments", "[1]"], "--arguments must be a JSON object"],
    [["keys", "create", "--role", "runner"], "Required option '--owner <name>' not specified."],
    [
      ["keys", "create", "--owner", "a", "--role", "boss"],
      "Allowed choices are runner, approver, worker, delegate, admin.",
    ],
    [["keys", "create", "--owner", "a", "--role", "runner", "--expires", "0d"], "such as 30s or 90d."],
    [["approvals", "list", "--mine", "--assignee", "maria"], "cannot be used with option '--mine'"],
    [["grants", "create", "--agent", "a", "--tool", "t"], "Required option '--expires <time>' not specified."],
    [
      ["grants", "create", "--agent", "a", "--tool", "t", "--expires", "1d", "--uses", "0"],
      "It must be a whole number from 1 to 100000.",
    ],
    [
      ["grants", "create", "--agent", "a", "--tool", "t", "--expires", "99999999d", "--uses", "1"],
      "It must be at most 3650d, which are ten years.",
    ],
    [["keys", "create", "--owner", " a", "--role", "runner", "--offline"], '--owner " a" is no name'],
    [["keys", "create", "--owner", "a", "--role", "runner", "--group", "", "--offline"], '--group "" is no name'],
    [["keys", "create", "--owner", "a", "--role", "runner", "--namespace", "*"], "--namespace takes letters"],
    [["keys", "create", "--owner", "a", "--role", "delegate", "--offline"], "give it runner or approver beside it"],
    [["worker", "credentials", "*", "--tool", "q/x"], '"*" is no worker id'],
    [["worker", "credentials", "w", "--tool", "q/*"], "--tool takes <queue>/<tool>"],
    [["worker", "credentials", "w", "--tool", "q/x", "--keys", ""], "It must name a folder."],
    [["signing-keys", "create", ""], "It must name a folder."],
    [["receipt", "verify", "/no/such/receipt.json"], "cannot be read: there is no such file."],
    [["demo"], 'Add --approve, or --reject "a reason".'],
  ])("is answered with a sentence and code 2: %j", async (args, words) => {
    const { code, out, err } = await called(...args);
    expect(err).toContain(words);
    expect(err).not.toMatch(/^error:|\n\s+at /i);
    expect({ code, out }).toEqual({ code: 2, out: "" });
  });
});

it("makes a key for the environment without a server, whose hash alone the gateway gets", async () => {
  const asked = [
    "keys",
    "create",
    "--owner",
    "ci",
    "--role",
    "runner",
    "--namespace",
    "acme",
    "--expires",
    "1d",
    "--json",
  ];
  const { code, out } = await called(...asked);
  const { text, entry } = JSON.parse(out) as { text: string; entry: Record<string, unknown> };
  const { keyId, secretSha256 = [] } = readApiKey(text) ?? {};
  expect(code).toBe(0);
  expect(entry).toMatchObject({
    id: keyId,
    sha256: Buffer.from(secretSha256).toString("hex"),
    owner: "ci",
    namespace: "acme",
  });
  expect(Date.parse(String(entry.expires))).toBeGreaterThan(Date.now());
  expect((await called("keys", "create", "--owner", "ci", "--role", "runner", "--offline")).out).toMatch(
    /shown this once:\n\n {2}agsp_[\s\S]*AGENTSPAN_API_KEYS:\n\n {2}\{"id":/,
  );
});

it("the roles of keys and the limits are those that there are", () => {
  expect(KEY_ROLES).toEqual(ROLES);
  expect(MOST_GRANT_USES).toBe(Limits.grantUses);
  expect(MOST_DAYS).toBe(Limits.durationDays);
});

describe("help", () => {
  const commands = [
    [],
    ["server", "start"],
    ["demo"],
    ["runs", "list"],
    ["runs", "show"],
    ["runs", "events"],
    ["runs", "cancel"],
    ["runs", "export"],
    ["runs", "replay"],
    ["runs", "rehearse"],
    ["approvals", "list"],
    ["approve"],
    ["reject"],
    ["settle"],
    ["keys", "create"],
    ["keys", "list"],
    ["keys", "revoke"],
  ];
  it.each(commands.map((command) => [command]))("of %j has examples that begin as a person would", async (command) => {
    const { code, out } = await called(...command, "--help");
    expect(code).toBe(0);
    const [, examples = ""] = out.split("\nExamples:\n");
    const lines = examples.split("\n\n")[0]?.trimEnd().split("\n") ?? [];
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toContain(["  $ agentspan", ...command].join(" "));
  });

  it("is what a group of commands answers with where none is named", async () => {
    const { code, err } = await called("runs");
    expect(code).toBe(2);
    expect(err).toContain("Commands:");
  });

  it("is also what the word asks for", async () => {
    expect(await called("help")).toEqual(await called("--help"));
    expect(await called("help", "approve")).toEqual(await called("approve", "--help"));
  });

  it("has no colours", async () => {
    expect((await called("--help")).out).not.toContain("\u001b");
  });
});

it.each(["--version", "-v", "-V", "version"])("prints its version for %s", async (asked) => {
  expect(await called(asked)).toEqual({ code: 0, out: "0.1.0\n", err: "" });
});

describe("the end of a list that was cut", () => {
  it("says how to see more, as far as --limit goes", () => {
    expect(moreWords(2)).toBe("There are more. To see up to ten times as many: --limit 20");
    expect(moreWords(200_000)).toMatch(/--limit 999999$/);
    expect(moreWords(999_999)).toBe("There are more.");
  });
});

it("says where no server answers what to do, and ends with 1", async () => {
  const { code, err } = await called("runs", "list", "--url", "http://127.0.0.1:1");
  expect(code).toBe(1);
  expect(err).toMatch(/^Cannot reach an Agentspan server at http:\/\/127\.0\.0\.1:1 .*agentspan server start\n$/);
});
