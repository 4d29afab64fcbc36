import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { armFaultPoints, ConfigError, clockOffsetMs, FAULT_POINTS, faultPoint } from "../src/index.js";

const SOURCES = ["services/orchestrator/src", "services/gateway/src", "sdk-ts/src"].map((folder) =>
  fileURLToPath(new URL(`../../${folder}/`, import.meta.url)),
);
const ALLOWED = { AGENTSPAN_ALLOW_FAULTS: "yes" };

describe("fault points", () => {
  it("each stand in the sources exactly once, and no other does", () => {
    const placed: string[] = [];
    for (const folder of SOURCES) {
      for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!file.endsWith(".ts")) continue;
        const text = readFileSync(`${folder}${file}`, "utf8");
        for (const [, point] of text.matchAll(/faultPoint(?:AfterSending)?\("([^"]+)"\)/g)) placed.push(point ?? "");
      }
    }
    expect(placed.sort()).toEqual([...FAULT_POINTS].sort());
  });

  it("are refused without permission", () => {
    const env = { AGENTSPAN_FAULTS: "orchestrator.after-commit:kill:1" };
    expect(() => armFaultPoints(env)).toThrow(ConfigError);
    expect(() => armFaultPoints({ ...env, AGENTSPAN_ALLOW_FAULTS: "true" })).toThrow(/AGENTSPAN_ALLOW_FAULTS=yes/);
    expect(() => clockOffsetMs({ AGENTSPAN_CLOCK_OFFSET: "30s" })).toThrow(ConfigError);
  });

  it.each([
    "orchestrator.after-comit:kill:1",
    "orchestrator.after-commit:explode:1",
    "orchestrator.after-commit:kill:0",
    "orchestrator.after-commit:delay=soon:1",
    "orchestrator.after-commit",
    "orchestrator.after-commit:kill:1,",
  ])("refuse %s and say what is wanted", (faults) => {
    expect(() => armFaultPoints({ ...ALLOWED, AGENTSPAN_FAULTS: faults })).toThrow(/point:action:pass/);
  });

  it("shift the clock both ways", () => {
    expect(clockOffsetMs({})).toBe(0);
    expect(clockOffsetMs({ ...ALLOWED, AGENTSPAN_CLOCK_OFFSET: "30s" })).toBe(30_000);
    expect(clockOffsetMs({ ...ALLOWED, AGENTSPAN_CLOCK_OFFSET: "-1m" })).toBe(-60_000);
    expect(() => clockOffsetMs({ ...ALLOWED, AGENTSPAN_CLOCK_OFFSET: "30" })).toThrow(ConfigError);
  });

  it("delay once, at the pass that is named", () => {
    armFaultPoints({ ...ALLOWED, AGENTSPAN_FAULTS: "gateway.before-event:delay=60ms:2" });
    const wait = vi.spyOn(Atomics, "wait");
    const waits = [1, 2, 3].map(() => {
      faultPoint("gateway.before-event");
      return wait.mock.calls.map(([, , , ms]) => ms);
    });
    wait.mockRestore();
    armFaultPoints({});
    expect(waits).toEqual([[], [60], [60]]);
  });

  it("kill the process and leave a line that tells where", () => {
    const internal = new URL("../dist/index.js", import.meta.url).href;
    const program = `
      const { armFaultPoints, faultPoint } = await import(${JSON.stringify(internal)});
      armFaultPoints(process.env);
      faultPoint("worker.after-grant");
      console.log("once");
      faultPoint("worker.after-grant");
      console.log("twice");`;
    const env = { ...ALLOWED, AGENTSPAN_FAULTS: "worker.after-grant:kill:2" };
    const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], { env, encoding: "utf8" });
    expect(ended.signal).toBe("SIGKILL");
    expect(ended.stdout).toBe("once\n");
    expect(ended.stderr).toBe("fault point worker.after-grant kill\n");
  });
});
