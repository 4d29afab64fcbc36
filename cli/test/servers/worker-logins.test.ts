// A local server that lets in only workers with credentials, and the demonstration as one of them.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCredentials, workerInboxPrefix, workerSubject } from "@agentspan/internal";
import { RegisterRequestSchema, RegisterResponseSchema } from "@agentspan/proto";
import { eventually } from "@agentspan/servers/eventually";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Authenticator, connect, nkeyAuthenticator } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Machine, type ServerCommand } from "./command.js";

const TOOLS = ["get_order", "get_customer", "process_refund"].map((tool) => `refund_agent/${tool}`);

let machine: Machine;
let server: ServerCommand;
beforeAll(async () => {
  machine = new Machine();
  server = await machine.server("--worker-logins");
});
afterAll(() => machine.close());

const refused = (servers: string, authenticator?: Authenticator) =>
  connect({ servers, reconnect: false, ...(authenticator === undefined ? {} : { authenticator }) }).then(
    async (nats) => {
      await nats.close();
      return false;
    },
    (error: unknown) => /authorization/i.test(String(error)),
  );

describe("a server with --worker-logins", () => {
  it("lets nobody in at NATS who has no credentials, and says how to get some", async () => {
    expect(await refused(server.natsUrl)).toBe(true);
    expect(server.shown).toContain("only those with credentials");
    expect(server.shown).toContain("agentspan worker credentials <id> --tool <queue>/<tool>");
    const demo = await machine.ask("demo", "--approve");
    expect(demo).toMatchObject({ code: 1, shown: expect.stringContaining("AGENTSPAN_WORKER_CREDENTIALS_FILE") });
  });

  it("lets a worker in while its file is there", async () => {
    const made = await machine.ask("worker", "credentials", "demo", "--tool", ...TOOLS);
    expect(made).toMatchObject({ code: 0, shown: expect.stringContaining("lets it in within a second") });
    const file = join(machine.dataDir, "workers", "demo.credentials.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    machine.env.AGENTSPAN_WORKER_CREDENTIALS_FILE = file;
    await server.shows(/The credentials of workers changed/);
    const demo = await machine.ask("demo", "--approve");
    expect(demo.code, demo.shown).toBe(0);

    const { nkeySeed } = JSON.parse(readFileSync(file, "utf8")) as { readonly nkeySeed: string };
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(nkeySeed));
    const nats = await connect({ servers: server.natsUrl, authenticator, reconnect: false });
    rmSync(file);
    // Whoever is logged in loses the connection, and does not get in again.
    await nats.closed();
    expect(await refused(server.natsUrl, authenticator)).toBe(true);
    expect(await refused(server.natsUrl)).toBe(true);
  });

  it("tells of a file that lets nobody in, and lets in and puts out the others all the same", async () => {
    const folder = join(machine.dataDir, "workers");
    await machine.ask("worker", "credentials", "first", "--tool", "refund_agent/get_order");
    const file = join(folder, "first.credentials.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(join(folder, "odd.credentials.json"), "{}");
    writeFileSync(join(folder, "second.credentials.json"), text);
    writeFileSync(join(folder, "third.credentials.json"), text.replace('"first"', '">"'));
    await server.shows(/odd\.credentials\.json lets nobody in: it holds no worker's credentials/);
    await server.shows(/second\.credentials\.json lets nobody in: its login is another file's too/);
    await server.shows(/third\.credentials\.json lets nobody in: its permit is not believed/);

    const { nkeySeed } = JSON.parse(text) as { readonly nkeySeed: string };
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(nkeySeed));
    // The files are told of right before the server takes them up.
    const login = () => connect({ servers: server.natsUrl, authenticator, reconnect: false });
    const nats = await eventually(login);
    for (const name of ["first", "second", "third"]) rmSync(join(folder, `${name}.credentials.json`));
    await nats.closed();
    expect(await refused(server.natsUrl, authenticator)).toBe(true);
  });

  it("takes what narrowed credentials do not name from who had it, also where the worker shows them to nobody", async () => {
    const file = join(machine.dataDir, "workers", "nar.credentials.json");
    const credentials = async (...tools: readonly string[]) => {
      expect((await machine.ask("worker", "credentials", "nar", "--tool", ...tools)).code).toBe(0);
      const read = readCredentials(readFileSync(file, "utf8"));
      if (read === undefined) throw new Error("These are no credentials.");
      return read;
    };
    const wide = await credentials("q/pay", "q/other");
    rmSync(file);
    const { nkeySeed = "" } = await credentials("q/other");
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(nkeySeed));
    const inboxPrefix = workerInboxPrefix("nar");
    const login = () => connect({ servers: server.natsUrl, authenticator, inboxPrefix, reconnect: false });
    const nats = await eventually(login);
    const registered = async (name: string) => {
      const tools = [{ queue: "q", name }];
      const request = create(RegisterRequestSchema, { workerId: "nar", incarnation: "i", permit: wide.permit, tools });
      const body = toBinary(RegisterRequestSchema, request);
      const { data } = await nats.request(workerSubject("nar", "register"), body, { timeout: 10_000 });
      return fromBinary(RegisterResponseSchema, data).error?.message;
    };
    try {
      await eventually(async () =>
        expect(await registered("pay")).toMatch(/it has a newer permit, .* does not name tool pay/),
      );
      expect(await registered("other")).toBeUndefined();
    } finally {
      await nats.close();
    }
  });

  it("goes on so when it is started without the option", async () => {
    server.kill("SIGTERM");
    await server.exit;
    const again = await machine.server();
    expect(again.shown).toContain("only those with credentials");
    expect(await refused(again.natsUrl)).toBe(true);
  });
});

describe("the option", () => {
  it("is refused for a NATS server that is not its own, and leaves nothing behind", async () => {
    const other = new Machine({ NATS_URL: "nats://127.0.0.1:1" });
    try {
      const { code, shown } = await other.ask("server", "start", "--port", "0", "--worker-logins");
      expect(code).toBe(1);
      expect(shown).toContain("NATS_URL names a server that is not started here");
      expect(existsSync(join(other.dataDir, "keys"))).toBe(false);
    } finally {
      await other.close();
    }
  });
});
