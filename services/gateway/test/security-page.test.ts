// What docs/security.md says of callers, held to what the gateway does.
import { readFileSync } from "node:fs";
import { accessTo, mayCall, PERMISSIONS, PRODUCT_VARIABLES, TASK_STREAM, WORKERS_ACCOUNT } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { readIssuers, readKeys } from "../src/auth/auth-settings.js";

const page = readFileSync(new URL("../../../docs/security.md", import.meta.url), "utf8");
const [, callers = ""] = page.split("\n## Who is calling\n");
const blocks = [...callers.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = ""]) => json);

describe("docs/security.md", () => {
  it("has examples of settings that are taken", () => {
    expect(readKeys("KEYS", blocks[0] ?? "")).toMatchObject({ values: [{ keyId: "ci" }] });
    expect(readIssuers("ISSUERS", blocks[1] ?? "")).toMatchObject({ values: [{ issuer: "https://id.acme.test" }] });
  });

  it("says who may call each method as the table of permissions does", () => {
    const rows = [...callers.matchAll(/^\| (\w+Service\/\w+) +\| (.+) \|$/gm)].map(([, method = "", cells = ""]) => {
      const [runner, approver, worker] = cells.split("|").map((cell) => cell.trim() === "yes");
      return { method, runner, approver, worker };
    });
    expect(rows.length).toBeGreaterThan(10);
    for (const { method, ...said } of rows) {
      const may = Object.fromEntries(["runner", "approver", "worker"].map((role) => [role, mayCall(method, [role])]));
      expect({ method, ...said }).toEqual({ method, ...may });
    }
    const listed = new Set(rows.map(({ method }) => method));
    const rpcs = ["RunService/", "ApprovalService/", "AgentService/", "WorkerService/", "IdentityService/"];
    const methods = Object.keys(PERMISSIONS).filter((name) => rpcs.some((service) => name.startsWith(service)));
    expect(methods.filter((method) => !listed.has(method))).toEqual([]);
    for (const method of Object.keys(PERMISSIONS).filter((name) => name.startsWith("KeyService/"))) {
      expect(accessTo(method)).toEqual(["admin"]);
    }
  });

  it("names only variables that are read", () => {
    // Of NATS, and no variables.
    const known: readonly string[] = [...PRODUCT_VARIABLES, TASK_STREAM, WORKERS_ACCOUNT];
    expect((page.match(/\bAGENTSPAN_[A-Z_]+\b/g) ?? []).filter((name) => !known.includes(name))).toEqual([]);
  });
});
