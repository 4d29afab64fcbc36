import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { AgentService } from "@agentspan/proto";
import { Agent, AgentRuntime, type ApprovalOptions, tool } from "@agentspan/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Machine, type ServerCommand } from "./command.js";

let machine: Machine;
let server: ServerCommand;
beforeAll(async () => {
  machine = new Machine();
  server = await machine.server("--auth");
});
afterAll(() => machine.close());

const ask = (key: string | undefined, ...args: string[]) =>
  machine.ask(...args, "--url", server.url, ...(key === undefined ? [] : ["--key", key]));
const adminKey = (): string => readFileSync(join(machine.dataDir, "admin.key"), "utf8").trim();

describe("a server with --auth", () => {
  it("makes an admin's key for its owner's eyes, says where it is, and shows it nowhere", async () => {
    const path = join(machine.dataDir, "admin.key");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(server.shown).toContain(`export AGENTSPAN_API_KEY="$(cat ${path})"`);
    expect(server.shown).toContain("made just now, readable for you alone");
    expect(server.shown).not.toContain(adminKey().slice(-43));
  });

  it("answers nobody without a key, gives keys to others, lists them, and takes them back", async () => {
    machine.env.AGENTSPAN_API_KEY = adminKey();
    const create = ["keys", "create", "--owner"];
    const [own, created, said, wrong] = await Promise.all([
      machine.ask("runs", "list", "--url", server.url),
      ask(adminKey(), ...create, "alex@acme.test", "--role", "runner", "--expires", "90d", "--json"),
      ask(adminKey(), ...create, "robin", "--role", "approver", "delegate"),
      ask(adminKey(), ...create, "bot", "--role", "delegate"),
    ]);
    expect(own.shown).toBe("No runs.\n");
    expect(said.shown).toMatch(/^Key \w+ of robin: approver, delegate\. Its text is shown this once:\n\n {2}agsp_\w+/);
    expect(wrong).toMatchObject({ code: 2, shown: expect.stringContaining("must have runner or approver") });
    const { keyId = "", text, expiresAt = "" } = JSON.parse(created.shown) as Record<string, string>;
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 89 * 86_400_000);

    delete machine.env.AGENTSPAN_API_KEY;
    const [none, denied, listed, revoked, unknown] = await Promise.all([
      ask(undefined, "runs", "list"),
      ask(text, "keys", "list"),
      ask(adminKey(), "keys", "list"),
      ask(adminKey(), "keys", "revoke", keyId),
      ask(adminKey(), "keys", "revoke", "none"),
    ]);
    expect(none).toMatchObject({ code: 1, shown: expect.stringContaining("AGENTSPAN_API_KEY") });
    // By now it may have been revoked.
    expect(denied).toMatchObject({ code: 1, shown: expect.stringMatching(/takes the role admin|has been revoked/) });
    expect(listed.shown).toMatch(new RegExp(`^${keyId} +alex@acme\\.test +runner +`, "m"));
    expect(revoked).toMatchObject({ code: 0, shown: expect.stringContaining("within 5 seconds") });
    expect(unknown).toMatchObject({ code: 1, shown: expect.stringContaining("There is no key none here") });
    expect((await ask(adminKey(), "keys", "list")).shown).toMatch(/alex@acme\.test +runner +revoked \d{4}-/);
  });

  it("takes a key from a file, from the standard input, and from a profile that was given it there", async () => {
    const keyFile = join(machine.dataDir, "admin.key");
    expect((await machine.ask("runs", "list", "--url", server.url, "--key-file", keyFile)).shown).toBe("No runs.\n");
    const add = machine.run("profiles", "add", "mine", "--url", server.url, "--key-file", "-");
    add.typeAll(`${adminKey()}\n`);
    expect(await add.exit).toBe(0);
    expect((await machine.ask("runs", "list", "--profile", "mine")).shown).toBe("No runs.\n");
    await machine.ask("profiles", "use", "mine");
    expect((await machine.ask("runs", "list")).shown).toBe("No runs.\n");
    const list = await machine.ask("profiles", "list");
    expect(list.shown).toContain("with a key that is kept");
    expect(`${add.shown}${list.shown}`).not.toContain(adminKey().slice(-43));
    const doctor = await machine.ask("doctor");
    expect(doctor).toMatchObject({ code: 0, shown: expect.stringMatching(/^ok +Key +\S+ in default: .*admin/m) });
    const refused = await machine.ask("doctor", "--url", server.url, "--key", "agsp_wrong_key");
    expect(refused).toMatchObject({
      code: 1,
      shown: expect.stringMatching(/^FAULT +Key +.*\n +Ask an admin for a key/m),
    });
    expect(`${doctor.shown}${refused.shown}`).not.toMatch(/agsp_(?!<)/);
    const piped = machine.run("runs", "list", "--url", server.url, "--key-file", "-");
    piped.typeAll("agsp_wrong_key");
    expect(await piped.exit).toBe(1);
    expect(piped.shown).toMatch(/key/);
    expect(piped.shown).not.toContain("agsp_wrong_key");
  });
});

/** Stores an agent with a tool that grants are made for, and some that take none. */
async function putShop(): Promise<void> {
  const refunding = (name: string, approval: ApprovalOptions) =>
    tool(() => undefined, { name, description: "", approval, inputSchema: SCHEMA });
  const tools = [
    refunding("refund", { rule: "args.amount > 10" }),
    refunding("wire", { votes: 2 }),
    refunding("payroll", { approvers: { users: ["noah"] } }),
    tool(() => undefined, { name: "look_up", description: "", inputSchema: SCHEMA }),
  ];
  const runtime = new AgentRuntime({ url: server.url, apiKey: adminKey() });
  try {
    const { definition: agent } = new Agent({ name: "shop", model: "demo/refund", tools });
    await runtime.client.call(AgentService.method.putAgent, { agent });
  } finally {
    await runtime.shutdown();
  }
}
const SCHEMA = { type: "object", properties: { amount: { type: "number" } } } as const;

describe("standing grants", () => {
  it("that could never let a call run are refused, and what speaks against others is told", async () => {
    const made = await ask(adminKey(), "keys", "create", "--owner", "paula", "--role", "approver", "--json");
    const { text = "" } = JSON.parse(made.shown) as Record<string, string>;
    await putShop();
    const grant = (name: string, ...more: string[]) =>
      ask(text, "grants", "create", "--agent", "shop", "--tool", name, "--expires", "1d", "--uses", "1", ...more);
    const [votes, others, missing, unasked, misspelt] = await Promise.all([
      grant("wire"),
      grant("payroll"),
      grant("refnd"),
      grant("look_up"),
      grant("refund", "--rule", "args.amuont <= 50"),
    ]);
    expect(votes).toMatchObject({ code: 2, shown: expect.stringContaining("takes the votes of 2 people") });
    expect(others).toMatchObject({ code: 1, shown: expect.stringContaining("are for noah to decide, not for paula") });
    expect(missing).toMatchObject({ code: 2, shown: expect.stringContaining("Did you mean refund?") });
    expect(unasked).toMatchObject({ code: 0, shown: expect.stringContaining("no call of look_up waits for anybody") });
    expect(misspelt).toMatchObject({ code: 0, shown: expect.stringContaining("Did you mean args.amount?") });
  });

  it("are made by an approver, shown, and revoked, and the audit tells of it", async () => {
    const made = await ask(adminKey(), "keys", "create", "--owner", "maria", "--role", "approver", "--json");
    const { text = "", keyId } = JSON.parse(made.shown) as Record<string, string>;
    await putShop();
    const terms = ["--agent", "shop", "--tool", "refund", "--expires", "7d", "--uses", "20"];
    const rule = ["--rule", "args.amount <= 50", "--description", "small ones"];
    const [created, wrong, spoken] = await Promise.all([
      ask(text, "grants", "create", ...terms, ...rule),
      ask(text, "grants", "create", ...terms, "--rule", "args.amount <="),
      ask(text, "grants", "create", ...terms, "--on-behalf-of", "noah"),
    ]);
    const grantId =
      /^Grant (gra_\w+): calls whose arguments fit of refund in shop may run/.exec(created.shown)?.[1] ?? "";
    expect(created).toMatchObject({ code: 0, shown: expect.stringContaining(`grants revoke ${grantId}`) });
    expect(wrong).toMatchObject({ code: 2, shown: expect.stringContaining("rule") });
    expect(spoken).toMatchObject({ code: 1, shown: expect.stringContaining("Only a delegate may speak for") });

    const [listed, shown, none] = await Promise.all([
      ask(text, "grants", "list", "--agent", "shop"),
      ask(text, "grants", "show", grantId, "--json"),
      ask(text, "grants", "show", "gra_none"),
    ]);
    expect(listed.shown).toMatch(
      new RegExp(`^${grantId} +shop +refund +args\\.amount <= 50 +0 of 20 +good until`, "m"),
    );
    expect(JSON.parse(shown.shown)).toMatchObject({
      grantId,
      maxUses: 20,
      createdBy: "maria",
      description: "small ones",
    });
    expect(none).toMatchObject({ code: 1, shown: expect.stringContaining("There is no standing grant gra_none here") });

    const revoked = await ask(text, "grants", "revoke", grantId);
    expect(revoked).toMatchObject({ code: 0, shown: expect.stringContaining("is revoked, by maria since") });
    const exported = await ask(adminKey(), "audit", "export", "--run", grantId);
    const entries = exported.shown.trim().split("\n").slice(1);
    expect(entries.map((line) => JSON.parse(line))).toMatchObject([
      { kind: "grant_made", who: "maria", credentialId: keyId, method: "api_key", address: "127.0.0.1", maxUses: 20 },
      { kind: "grant_revoked", who: "maria", credentialId: keyId, uses: 0 },
    ]);
    const kept = join(machine.folder, "kept.jsonl");
    const [first, again, nope] = [
      await ask(adminKey(), "audit", "export", "--run", grantId, "--out", kept),
      await ask(adminKey(), "audit", "export", "--out", kept),
      await ask(adminKey(), "audit", "export", "--run", "nope"),
    ];
    expect(first).toMatchObject({ code: 0, shown: `Wrote 2 entries to ${kept}.\n` });
    expect(again).toMatchObject({ code: 1, shown: `${kept} is there already. Name a new file.\n` });
    expect(readFileSync(kept, "utf8").trim().split("\n").slice(1)).toEqual(entries);
    expect(nope).toMatchObject({ code: 1, shown: expect.stringMatching(/^The audit has nothing of run nope/) });
    expect((await ask(text, "grants", "show", grantId)).shown).toMatch(new RegExp(`^${grantId}, revoked \\d{4}-`));
  });
});

describe("the demo where everybody is known", () => {
  it("waits for a second person, with the commands that get one and go on, and then pays", async () => {
    machine.env.AGENTSPAN_API_KEY = adminKey();
    const alone = await machine.ask("demo", "--approve");
    expect(alone.code).toBe(1);
    const [, runId = ""] = /^Run {5}(run_\w+)/m.exec(alone.shown) ?? [];
    expect(alone.shown).toMatch(
      new RegExp(
        `\\n {2}agentspan keys create --owner maria@acme\\.test --role approver .*\\n {2}AGENTSPAN_API_KEY=agsp_\\.\\.\\. agentspan approve ${runId} .*\\n {2}agentspan demo --run ${runId} .*\\n$`,
      ),
    );
    const made = await ask(adminKey(), "keys", "create", "--owner", "maria@acme.test", "--role", "approver", "--json");
    const { text } = JSON.parse(made.shown) as { text: string };
    expect(await ask(text, "approve", runId)).toMatchObject({ code: 0 });
    const again = await machine.ask("demo", "--run", runId, "--approve");
    delete machine.env.AGENTSPAN_API_KEY;
    expect(again.shown).toContain("Result: Alex, your refund of $29.99");
    expect(again.code).toBe(0);
  });
});

describe("a later start with keys of the environment", () => {
  it("says that the key in the data folder is not taken, and takes the others", async () => {
    server.kill("SIGINT");
    expect(await server.exit).toBe(0);
    const made = await machine.ask("keys", "create", "--owner", "root", "--role", "admin", "--offline", "--json");
    const { text = "", entry } = JSON.parse(made.shown) as { text: string; entry: object };
    machine.env.AGENTSPAN_API_KEYS = JSON.stringify([entry]);
    server = await machine.server("--auth");
    const file = join(machine.dataDir, "admin.key");
    expect(server.shown).toContain("Keys     those of AGENTSPAN_API_KEYS; every call needs one");
    expect(server.shown).toContain(`not that of ${file}, as long as they are set`);
    expect(await ask(adminKey(), "keys", "list")).toMatchObject({ code: 1 });
    expect(await ask(text, "keys", "list")).toMatchObject({ code: 0 });
  });
});
