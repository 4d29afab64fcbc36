import { AgentspanError, INBOX_PREFIX, requestSubject, taskSubject } from "@agentspan/internal";
import { ReplySchema } from "@agentspan/proto";
import { eventually } from "@agentspan/servers/eventually";
import { create, fromBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import type { RequestHandler } from "../../src/ports.js";
import { askGatewayRequest, echo, envelope, Gate, recordingWorkers, task, utf8 } from "./bus-clients.js";
import type { OpenBus } from "./bus-contract.js";
import { NoRespondersError } from "./bus-fixture.js";

export function requestContract(open: OpenBus): void {
  it("shares requests among orchestrators, each answered once, with the name of the one that answered", async () => {
    const fixture = await open();
    const handled: string[] = [];
    for (const id of ["orc_1", "orc_2"]) {
      const bus = await fixture.connect();
      await bus.serve(id, recordingHandler(handled), recordingWorkers());
    }
    const gateway = await fixture.client();
    const methods = Array.from({ length: 60 }, (_, at) => `RunService/${at}`);
    const replies = await Promise.all(methods.map((method) => askGatewayRequest(gateway, method)));
    expect(handled.toSorted()).toEqual(methods.toSorted());
    expect(new Set(replies.map(({ orchestratorId }) => orchestratorId))).toEqual(new Set(["orc_1", "orc_2"]));
  });

  it("brings a request that names an orchestrator to exactly that one", async () => {
    const fixture = await open();
    for (const id of ["orc_1", "orc_2"]) await (await fixture.connect()).serve(id, echo, recordingWorkers());
    const gateway = await fixture.client();
    for (let round = 0; round < 10; round += 1) {
      for (const id of ["orc_1", "orc_2"]) {
        expect((await askGatewayRequest(gateway, "RunService/Start", id)).orchestratorId).toBe(id);
      }
    }
  });

  it("lets a gateway see at once that no orchestrator is there, or not the one it names", async () => {
    const fixture = await open();
    const gateway = await fixture.client();
    await expect(askGatewayRequest(gateway, "RunService/Start")).rejects.toThrow(NoRespondersError);
    await (await fixture.connect()).serve("orc_1", echo, recordingWorkers());
    await expect(askGatewayRequest(gateway, "RunService/Start", "orc_gone")).rejects.toThrow(NoRespondersError);
    expect((await askGatewayRequest(gateway, "RunService/Start")).outcome.case).toBe("body");
  });

  it("carries bodies of any bytes both ways unchanged", async () => {
    const fixture = await open();
    await (await fixture.connect()).serve("orc_1", echo, recordingWorkers());
    const gateway = await fixture.client();
    const body = Uint8Array.from({ length: 600 * 1024 }, (_, at) => at % 251);
    const answer = await gateway.ask(requestSubject(), envelope("RunService/Start", body));
    const { outcome } = fromBinary(ReplySchema, answer.data);
    expect(Buffer.compare(Buffer.from(body), Buffer.from(outcome.value as Uint8Array))).toBe(0);
  });

  it("tells a refusal with its reason, fields and time to wait, as the core means it", async () => {
    const fixture = await open();
    const refuse: RequestHandler = async () => {
      throw new AgentspanError("STORE_UNAVAILABLE", "The store is away.", {
        metadata: { shard: "2" },
        fields: [{ field: "agent.name", description: "is missing" }],
        retryAfterMs: 1_500,
      });
    };
    await (await fixture.connect()).serve("orc_1", refuse, recordingWorkers());
    const reply = await askGatewayRequest(await fixture.client(), "RunService/Start");
    expect(reply).toMatchObject({
      orchestratorId: "orc_1",
      outcome: {
        case: "failure",
        value: {
          reason: "STORE_UNAVAILABLE",
          message: "The store is away.",
          metadata: { shard: "2" },
          fields: [{ field: "agent.name", description: "is missing" }],
          retryAfter: { seconds: 1n, nanos: 500_000_000 },
        },
      },
    });
  });

  it("tells nothing of an error that is its own, and logs it", async () => {
    const fixture = await open();
    const fail: RequestHandler = async () => {
      throw new TypeError("secret of tenant b");
    };
    await (await fixture.connect()).serve("orc_1", fail, recordingWorkers());
    const { outcome } = await askGatewayRequest(await fixture.client(), "RunService/Start");
    expect(outcome).toMatchObject({ case: "failure", value: { reason: "INTERNAL" } });
    expect(JSON.stringify(outcome.value)).not.toContain("secret");
    expect(fixture.log.filter((line) => line.includes("secret of tenant b"))).toHaveLength(1);
  });

  it("answers garbage as INVALID_REQUEST and goes on", async () => {
    const fixture = await open();
    const handled: string[] = [];
    await (await fixture.connect()).serve("orc_1", recordingHandler(handled), recordingWorkers());
    const gateway = await fixture.client();
    const garbage = [new Uint8Array(), utf8("hello"), Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f), envelope("")];
    for (const data of garbage) {
      const { outcome } = fromBinary(ReplySchema, (await gateway.ask(requestSubject(), data)).data);
      expect(outcome).toMatchObject({ case: "failure", value: { reason: "INVALID_REQUEST" } });
    }
    expect((await askGatewayRequest(gateway, "RunService/Start")).outcome.case).toBe("body");
    expect(handled).toEqual(["RunService/Start"]);
  });

  it("answers only where a gateway listens, so that nobody can make it publish elsewhere", async () => {
    const fixture = await open();
    const handled: string[] = [];
    await (await fixture.connect()).serve("orc_1", recordingHandler(handled), recordingWorkers());
    const stranger = await fixture.client();
    const elsewhere = [
      "agentspan.events.default.run_a",
      "$JS.API.STREAM.DELETE.X",
      "inbox.x",
      "_INBOX",
      "_INBOX.*",
      "_INBOX.>",
    ];
    const heard = await stranger.listen("agentspan.events.>");
    for (const reply of [taskSubject(task()), ...elsewhere, undefined]) {
      stranger.send(requestSubject("orc_1"), envelope("Evil"), reply);
    }
    // The same connection and the same subject: what was sent before is dealt with when this is answered.
    const last = await stranger.ask(requestSubject("orc_1"), envelope("Good"), { inboxPrefix: `${INBOX_PREFIX}_mine` });
    expect(fromBinary(ReplySchema, last.data).outcome.case).toBe("body");
    expect(handled).toEqual(["Good"]);
    expect(await fixture.storedHints()).toBe(0);
    expect(heard).toEqual([]);
    expect(fixture.log.some((line) => line.includes("unanswered"))).toBe(true);
  });

  it("refuses requests beyond those it can have in progress, and takes them again afterwards", async () => {
    const fixture = await open({ limits: { inProgress: 2 } });
    const gate = new Gate();
    await (await fixture.connect()).serve("orc_1", gate.echo, recordingWorkers());
    const gateway = await fixture.client();
    const first = [askGatewayRequest(gateway, "A"), askGatewayRequest(gateway, "B")];
    await eventually(() => expect(gate.entered).toBe(2));
    const refused = await askGatewayRequest(gateway, "C");
    expect(refused.outcome).toMatchObject({ case: "failure", value: { reason: "RATE_LIMITED" } });
    expect(refused.outcome.case === "failure" && refused.outcome.value.retryAfter?.nanos).toBeGreaterThan(0);
    gate.open();
    for (const reply of await Promise.all(first)) expect(reply.outcome.case).toBe("body");
    expect((await askGatewayRequest(gateway, "D")).outcome.case).toBe("body");
  });

  it("refuses requests whose bytes are more than it can have in progress", async () => {
    const fixture = await open({ limits: { bytesInProgress: 1_000 } });
    const gate = new Gate();
    await (await fixture.connect()).serve("orc_1", gate.echo, recordingWorkers());
    const gateway = await fixture.client();
    const large = envelope("RunService/Start", new Uint8Array(800));
    const held = gateway.ask(requestSubject(), large);
    await eventually(() => expect(gate.entered).toBe(1));
    const refused = fromBinary(ReplySchema, (await gateway.ask(requestSubject(), large)).data);
    expect(refused.outcome).toMatchObject({ case: "failure", value: { reason: "RATE_LIMITED" } });
    const small = askGatewayRequest(gateway, "RunService/GetStatus");
    gate.open();
    expect((await small).outcome.case).toBe("body");
    await held;
    expect(fromBinary(ReplySchema, (await gateway.ask(requestSubject(), large)).data).outcome.case).toBe("body");
  });

  it("says that an answer is too large instead of sending none", async () => {
    const fixture = await open();
    const large: RequestHandler = async () =>
      create(ReplySchema, { outcome: { case: "body", value: new Uint8Array(1024 * 1024 + 1) } });
    await (await fixture.connect()).serve("orc_1", large, recordingWorkers());
    const { outcome } = await askGatewayRequest(await fixture.client(), "RunService/GetHistory");
    expect(outcome).toMatchObject({ case: "failure", value: { reason: "LIMIT_EXCEEDED" } });
  });

  it("answers what it had taken when it drains, and then takes nothing", async () => {
    const fixture = await open();
    const gate = new Gate();
    const bus = await fixture.connect();
    await bus.serve("orc_1", gate.echo, recordingWorkers());
    const gateway = await fixture.client();
    const taken = [askGatewayRequest(gateway, "A"), askGatewayRequest(gateway, "B", "orc_1")];
    await eventually(() => expect(gate.entered).toBe(2));
    let drained = false;
    const draining = bus.drain().then(() => {
      drained = true;
    });
    // One that reaches the broker before the end of the subscription does is still taken, and held with the others.
    const late = () => gateway.ask(requestSubject(), envelope("C"), { timeoutMs: 100 });
    await eventually(() => expect(late()).rejects.toThrow(NoRespondersError));
    await expect(askGatewayRequest(gateway, "C", "orc_1")).rejects.toThrow(NoRespondersError);
    const entered = gate.entered;
    expect(drained).toBe(false);
    expect(await bus.announce(task(), "orc_1")).toBe("announced");
    gate.open();
    for (const reply of await Promise.all(taken)) expect(reply.outcome.case).toBe("body");
    await draining;
    await expect(askGatewayRequest(gateway, "C")).rejects.toThrow(NoRespondersError);
    expect(gate.entered).toBe(entered);
    await bus.close();
  });

  it("hands requests to the others without losing one when an orchestrator drains under load", async () => {
    const fixture = await open();
    const leaving = await fixture.connect();
    await leaving.serve("orc_1", echo, recordingWorkers());
    await (await fixture.connect()).serve("orc_2", echo, recordingWorkers());
    const gateway = await fixture.client();
    const asking: Promise<unknown>[] = [];
    for (let at = 0; at < 300; at += 1) {
      asking.push(askGatewayRequest(gateway, `RunService/${at}`));
      if (at % 50 === 49) await asking[at - 25];
      if (at === 150) asking.push(leaving.drain().then(() => leaving.close()));
    }
    await Promise.all(asking);
  });

  it("serves once, under an id that can be part of a subject", async () => {
    const bus = await (await open()).connect();
    await expect(bus.serve("orc.*", echo, recordingWorkers())).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    await bus.serve("orc_1", echo, recordingWorkers());
    await expect(bus.serve("orc_1", echo, recordingWorkers())).rejects.toThrow("already");
  });
}

function recordingHandler(handled: string[]): RequestHandler {
  return async (asked) => {
    handled.push(asked.method);
    return echo(asked);
  };
}
