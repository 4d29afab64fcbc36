import { deltasSubject, eventsSubject, Limits } from "@agentspan/internal";
import { LiveEventsSchema } from "@agentspan/proto";
import { eventually } from "@agentspan/servers/eventually";
import { create, fromBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { echo, recordingWorkers } from "./bus-clients.js";
import type { OpenBus } from "./bus-contract.js";

export function liveContract(open: OpenBus): void {
  it("tells watchers of a run what happened, and of no other run", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const heard = await (await fixture.client()).listen(eventsSubject("default", "run_a"));
    const events = [{ runId: "run_a", sequence: 7n, event: { case: "done", value: { outputJson: "{}" } } }] as const;
    bus.publish("default", "run_b", create(LiveEventsSchema, { runId: "run_b", lastSequence: 9n }));
    bus.publish(
      "default",
      "run_a",
      create(LiveEventsSchema, { runId: "run_a", events: [...events], lastSequence: 7n }),
    );
    await eventually(() => expect(heard).toHaveLength(1));
    const live = fromBinary(LiveEventsSchema, heard[0] ?? new Uint8Array());
    expect(live).toMatchObject({ runId: "run_a", lastSequence: 7n, ended: false });
    expect(live.events[0]?.event).toMatchObject({ case: "done", value: { outputJson: "{}" } });
  });

  it("sends the sequence alone where live events are over the limit", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const heard = await (await fixture.client()).listen(eventsSubject("default", "run_a"));
    const value = { outputJson: "x".repeat(Limits.liveMessageBytes) };
    const events = [{ runId: "run_a", sequence: 7n, event: { case: "done" as const, value } }];
    bus.publish(
      "default",
      "run_a",
      create(LiveEventsSchema, { runId: "run_a", events, lastSequence: 7n, ended: true }),
    );
    await eventually(() => expect(heard).toHaveLength(1));
    const live = fromBinary(LiveEventsSchema, heard[0] ?? new Uint8Array());
    expect(live).toMatchObject({ runId: "run_a", events: [], lastSequence: 7n, ended: true });
  });

  it("tells every orchestrator which run's text is wanted in pieces, while it listens", async () => {
    const fixture = await open();
    const wishes: string[] = [];
    for (const id of ["orc_1", "orc_2"]) {
      const bus = await fixture.connect();
      await bus.serve(id, echo, recordingWorkers());
      const off = bus.onDeltaWish((namespace, runId) => wishes.push(`${id} ${namespace} ${runId}`));
      if (id === "orc_2") bus.onDeltaWish(() => off());
    }
    const gateway = await fixture.client();
    gateway.send(deltasSubject("default", "run_a"), new Uint8Array());
    await eventually(() => expect([...wishes].sort()).toEqual(["orc_1 default run_a", "orc_2 default run_a"]));
    gateway.send(deltasSubject("default", "run_b"), new Uint8Array());
    await eventually(() => expect(wishes).toContain("orc_1 default run_b"));
    expect(wishes).not.toContain("orc_2 default run_b");
  });
}
