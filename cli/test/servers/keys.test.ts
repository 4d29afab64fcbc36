import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Machine } from "./command.js";

let machine: Machine;
let server: Awaited<ReturnType<Machine["server"]>>;
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
    expect(wrong).toMatchObject({ code: 1, shown: expect.stringContaining("must have runner or approver") });
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
});
