// The commands about webhooks, against a server on this machine and a receiver beside it.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Machine, type ServerCommand } from "./command.js";

let machine: Machine;
let server: ServerCommand;
let receiver: Server;
let url: string;
const heard: { readonly type: string; readonly data: { readonly runId: string } }[] = [];
let status = 204;
beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += String(piece);
    heard.push(JSON.parse(body));
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/in`;
  machine = new Machine({ AGENTSPAN_WEBHOOK_ALLOW: "127.0.0.1" });
  server = await machine.server();
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await machine.close();
});

const ask = (...args: string[]) => machine.ask("webhooks", ...args, "--url", server.url);

describe("webhooks at the command line", () => {
  it("are made, listed, given another secret and taken away", async () => {
    const made = await ask("create", url, "--event", "EXPIRED", "--agent", "nobody", "--description", "for a test");
    expect(made.shown).toMatch(/^Webhook whk_\w+: EXPIRED\. Its secret is shown this once:\n\n {2}whsec_\S+\n/);
    const [id = ""] = /whk_\w+/.exec(made.shown) ?? [];
    const [listed, rotated, inside, wrong] = await Promise.all([
      ask("list"),
      ask("rotate", id),
      ask("create", "https://10.0.0.1/"),
      ask("create", "https://hooks.acme.test/", "--event", "NEVER"),
    ]);
    expect(listed.shown).toMatch(new RegExp(`^${id} +http://127\\S+ +EXPIRED +nobody +- +good +for a test$`, "m"));
    expect(rotated.shown).toMatch(/ {2}whsec_\S+\n\nFor a day messages are signed with the one before too\.\n$/);
    expect(inside).toMatchObject({ code: 2, shown: expect.stringContaining("10.0.0.1, which is no address of the") });
    expect(wrong).toMatchObject({ code: 2, shown: expect.stringContaining("Allowed choices are WAITING") });
    expect((await ask("delete", id)).shown).toContain(`${id} is gone`);
    const [gone, empty] = await Promise.all([ask("delete", id), ask("list")]);
    expect(gone).toMatchObject({ code: 1, shown: expect.stringContaining(`There is no webhook ${id} here`) });
    expect(empty.shown).toBe("No webhooks: nobody is told of what happens.\n");
  });

  it("show what becomes of messages, and send again what is dead", async () => {
    status = 410;
    const made = JSON.parse((await ask("create", url, "--json")).shown) as Record<string, string>;
    const { webhookId = "", secret = "" } = made;
    expect(secret).toMatch(/^whsec_/);
    const demo = await machine.ask("demo", "--approve");
    expect(demo.code).toBe(0);
    await expect
      .poll(async () => (await ask("deliveries", webhookId, "--state", "DEAD")).shown)
      .toContain("answered 410");
    const listed = await ask("list");
    expect(listed.shown).toContain(`${webhookId} is stopped, because its receiver answered 410 Gone.`);
    const refused = await ask("replay", "--dead-of", webhookId);
    expect(refused).toMatchObject({ code: 2, shown: expect.stringContaining("is stopped") });
    const [neither, both] = await Promise.all([ask("replay"), ask("replay", "msg_a", "--dead-of", webhookId)]);
    for (const one of [neither, both])
      expect(one).toMatchObject({ code: 2, shown: expect.stringContaining("--dead-of") });

    status = 204;
    const next = JSON.parse((await ask("create", url, "--json")).shown) as Record<string, string>;
    heard.length = 0;
    expect((await machine.ask("demo", "--approve")).code).toBe(0);
    await expect
      .poll(() => heard.map(({ type }) => type).sort())
      .toEqual(["approval.decided", "approval.waiting", "run.ended"]);
    const delivered = async () => JSON.parse((await ask("deliveries", next.webhookId ?? "", "--json")).shown);
    await expect
      .poll(async () => (await delivered()).map(({ state }: { state: string }) => state))
      .toEqual(Array(3).fill("DELIVERED"));
    const [{ deliveryId }] = await delivered();
    expect((await ask("replay", deliveryId)).shown).toBe(`${deliveryId} is sent again.\n`);
    await expect.poll(() => heard).toHaveLength(4);
    expect((await ask("replay", "--dead-of", next.webhookId ?? "")).shown).toBe("0 deliveries are sent again.\n");
  });
});
