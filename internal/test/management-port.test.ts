import { afterEach, describe, expect, it } from "vitest";
import {
  createLogger,
  healthAnswer,
  type ManagementPages,
  type ManagementPort,
  ManagementPortError,
  openManagementPort,
} from "../src/index.js";

const log = createLogger("test", "silent");
const open: ManagementPort[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function opened(pages: ManagementPages, port = 0): Promise<ManagementPort> {
  const management = await openManagementPort({ host: "127.0.0.1", port, pages, log });
  if (management === undefined) throw new Error("no port was opened");
  open.push(management);
  return management;
}

async function ask(port: number, path: string, method = "GET") {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe("the management port", () => {
  it("answers each of its pages, asked anew each time, and nothing else", async () => {
    let problem: string | undefined;
    const { port } = await opened({
      "/readyz": async () => healthAnswer(problem),
      "/metrics": () => ({ status: 200, body: "up 1\n", contentType: "text/plain; version=0.0.4" }),
    });
    expect(await ask(port, "/readyz?verbose")).toMatchObject({ status: 200, text: "ok\n" });
    problem = "No answer from NATS.";
    expect(await ask(port, "/readyz")).toMatchObject({ status: 503, text: "No answer from NATS.\n" });
    const metrics = await ask(port, "/metrics");
    expect(metrics.headers.get("content-type")).toBe("text/plain; version=0.0.4");
    expect(metrics.headers.get("cache-control")).toBe("no-store");
    for (const path of ["/", "/other", "/constructor"]) {
      expect(await ask(port, path)).toMatchObject({ status: 404, text: "Here are /readyz, /metrics.\n" });
    }
  });

  it("is read only", async () => {
    const { port } = await opened({ "/healthz": () => healthAnswer(undefined) });
    const refused = await ask(port, "/healthz", "POST");
    expect(refused).toMatchObject({ status: 405, text: "Use GET.\n" });
    expect(refused.headers.get("allow")).toBe("GET, HEAD");
    expect(await ask(port, "/healthz", "HEAD")).toMatchObject({ status: 200, text: "" });
  });

  it("goes on when a page fails, and does not tell strangers why", async () => {
    const fails: ManagementPages = { "/metrics": () => Promise.reject(new Error("of secrets")) };
    const { port } = await opened(fails);
    for (let time = 0; time < 2; time += 1) {
      const failed = await ask(port, "/metrics");
      expect(failed.status).toBe(500);
      expect(failed.text).not.toContain("secrets");
    }
  });

  it("is not opened where none is set, and says in a sentence where it is taken", async () => {
    const pages = { "/healthz": () => healthAnswer(undefined) };
    expect(await openManagementPort({ host: "127.0.0.1", port: undefined, pages, log })).toBeUndefined();
    const { port } = await opened(pages);
    const second = openManagementPort({ host: "127.0.0.1", port, pages, log });
    await expect(second).rejects.toThrow(ManagementPortError);
    await expect(second).rejects.toThrow(`127.0.0.1:${port}`);
    await expect(second).rejects.toThrow("AGENTSPAN_MANAGEMENT_PORT");
  });
});
