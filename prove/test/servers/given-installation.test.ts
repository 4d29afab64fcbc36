// An installation that is given: its processes are left alone, and what can be broken from outside is.
import { Stack } from "@agentspan/e2e";
import { expect, it } from "vitest";
import { DEFAULTS, held, prove, tableOf } from "../../src/index.js";

it("an installation that is given is proved by own workers, own clients and the doors between", async () => {
  const stack = await Stack.start({ workers: 0 });
  try {
    const { pid } = stack.gateway().service;
    const report = await prove({
      ...DEFAULTS,
      everyPoint: false,
      url: stack.gateway().url,
      natsUrl: stack.servers.natsUrl,
      runs: 12,
      atOnce: 6,
      forMs: 3_000,
      killEveryMs: 1_000,
      otherEveryMs: 500,
      boundMs: 90_000,
      workers: 2,
      seed: 3,
      faults: ["kill", "points", "nats", "answers"],
      onProgress: () => undefined,
    });
    expect(held(report), tableOf(report)).toBe(true);
    expect(report.runs).toBe(12);
    expect(stack.gateway().service.pid).toBe(pid);
    expect(report.tally.untried.map(({ fault }) => fault)).toEqual(["nats"]);
    expect(tableOf(report)).toContain("were left alone");
  } finally {
    await stack.stop();
  }
}, 180_000);
