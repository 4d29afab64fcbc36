import { afterEach, describe, expect, it, vi } from "vitest";
import { defaultLogger } from "../src/logger.js";

afterEach(() => vi.unstubAllEnvs());

/** What a terminal shows of one warning about a thrown error. */
function onTerminal(thrown: unknown, level = ""): string {
  vi.stubEnv("AGENTSPAN_LOG_LEVEL", level);
  let shown = "";
  const write = (text: string | Uint8Array) => {
    shown += String(text);
    return true;
  };
  const logger = defaultLogger({ isTTY: true, write });
  logger.child({ toolName: "pay_out" }).warn({ attempt: 2, runId: "run_1", err: thrown }, "A tool threw");
  logger.info({}, "not said unless asked for");
  return shown;
}

describe("the SDK's own logger on a terminal", () => {
  it("says a thrown error on one line, without its stack", () => {
    const line = "warn  A tool threw: no such order  toolName=pay_out attempt=2 runId=run_1\n";
    expect(onTerminal(new Error("no such order"))).toBe(line);
  });

  it("shows the stack at level debug", () => {
    expect(onTerminal(new Error("no such order"), "debug")).toMatch(
      /^warn {2}A tool threw: no such order .*\nError: no such order\n +at .*logger\.test/,
    );
  });

  it("lets no text break the line or move the cursor, and no secret through", () => {
    const shown = onTerminal(new Error("two\n  lines \u001b[2J at nats://me:secret@host"));
    expect(shown).toMatch(/^warn {2}A tool threw: two lines \\u\{001b\}\[2J at nats:\/\/\[redacted\]@host {2}toolName/);
    expect(shown.split("\n")).toHaveLength(2);
  });

  it("takes what is no error", () => {
    expect(onTerminal("just text")).toContain("A tool threw: just text  toolName");
    expect(onTerminal(null)).toContain("A tool threw  toolName");
  });
});
