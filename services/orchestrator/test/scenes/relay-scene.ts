// The relay of one process on a desk: it acts on what the desk's engine commits. What it sends over the bus is written
// down.
import type { LiveEvents } from "@agentspan/proto";
import { DeltaWishes } from "../../src/delta-wishes.js";
import { History } from "../../src/history.js";
import type { Models } from "../../src/ports.js";
import { Relay } from "../../src/relay.js";
import { WorkerRegistry } from "../../src/worker-registry.js";
import type { Desk } from "./scene.js";

export class RelayDesk {
  busAway = false;
  /** "announce t1c1 1" and "withdraw t1c1", in the order in which they were sent. */
  readonly sent: string[] = [];
  readonly live: LiveEvents[] = [];
  readonly wishes = new DeltaWishes(() => 0);
  readonly relay: Relay;

  constructor(
    readonly desk: Desk,
    models: Models,
    { mostModelCalls = 256 }: { readonly mostModelCalls?: number } = {},
  ) {
    const { store, engine, agents, scene, name } = desk;
    this.relay = new Relay({
      engine,
      history: new History(store),
      agents,
      registry: new WorkerRegistry(store),
      grants: { usesFor: () => Promise.resolve({}) },
      models,
      bus: {
        announce: async ({ callId, attempt }) => {
          if (this.busAway) throw new Error("The bus is away.");
          this.sent.push(`announce ${callId} ${attempt}`);
          return "announced";
        },
        withdraw: async ({ callId }) => {
          if (this.busAway) throw new Error("The bus is away.");
          this.sent.push(`withdraw ${callId}`);
        },
        publish: (_namespace, _runId, live) => {
          this.live.push(live);
        },
      },
      wishes: this.wishes,
      clock: scene.clock,
      orchestratorId: name,
      log: scene.log,
      mostModelCalls,
    });
    desk.listeners.add((committed) => this.relay.act(committed));
  }
}
