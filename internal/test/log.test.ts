import { createLogger } from "@agentspan/internal";
import { describe, expect, it } from "vitest";

function recorder() {
  const lines: string[] = [];
  const log = createLogger("gateway", "info", { write: (line: string) => void lines.push(line) });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown> };
}

describe("createLogger", () => {
  it("writes one JSON line with time, level, name, fields and words", () => {
    const { log, lines, last } = recorder();
    log.child({ runId: "run_a" }).info({ attempt: 2 }, "Announced a task");
    log.debug("not at this level");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/\n$/);
    expect(last()).toMatchObject({
      level: "info",
      name: "gateway",
      runId: "run_a",
      attempt: 2,
      msg: "Announced a task",
    });
    expect(Date.parse(String(last().time))).not.toBeNaN();
  });

  it("leaves out fields that hold secrets, at any depth and in child loggers", () => {
    const { log, lines } = recorder();
    const secret = "hunter2hunter2";
    log.info({ apiKey: secret, password: secret, token: secret, key: secret, accessToken: secret }, "fields");
    log.info({ request: { headers: [{ Authorization: secret }, { "x-api-key": secret }] } }, "nested");
    log.info({ options: { token: { value: secret } }, client_secret: 12345678901 }, "not texts");
    log.child({ runId: "run_a" }).child({ authorization: secret }).info("bindings");
    log.error({ err: Object.assign(new Error("failed"), { password: secret }) }, "error");
    expect(lines).toHaveLength(5);
    expect(lines.join("")).not.toMatch(/hunter2|12345678901/);
    expect(lines[3]).toContain('"runId":"run_a","authorization":"[redacted]"');
  });

  it("leaves out credentials in URLs, bearer tokens and model keys, wherever they stand", () => {
    const { log, lines } = recorder();
    log.info("connected to mongodb://app:hunter2@db1,db2/agentspan and nats://hunter2@127.0.0.1:4222");
    log.error({ err: new Error("cannot reach mongodb+srv://app:hunter2@cluster") }, "failed");
    log.info({ header: "Bearer hunter2hunter2", seen: ["sk-hunter2hunter2"] }, "strings");
    expect(lines.join("")).not.toContain("hunter2");
    expect(lines[0]).toContain("mongodb://[redacted]@db1,db2/agentspan");
  });

  it("keeps what only looks like a secret", () => {
    const { log, last } = recorder();
    const fields = { tokens: 5, inputTokens: 7, idempotencyKey: "k", url: "http://127.0.0.1:6767/a@b", at: "a@b.com" };
    log.info(fields, "counts");
    expect(last()).toMatchObject(fields);
  });

  it("writes an error with its stack and cause", () => {
    const { log, last } = recorder();
    log.error({ err: new Error("outer", { cause: new Error("inner") }) }, "failed");
    expect(last().err).toMatchObject({
      type: "Error",
      message: "outer: inner",
      stack: expect.stringContaining("inner"),
    });
  });
});
