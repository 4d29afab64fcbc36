import { readFileSync } from "node:fs";
import { file_agentspan_v1_worker, GrantSchema, RefusalReason, ReleaseReason } from "@agentspan/proto";
import { fromJsonString, isMessage } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { digestOf, WORKER_VERBS } from "../src/index.js";

const page = readFileSync(new URL("../../workers/PROTOCOL.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```json (\w+)\n([\s\S]*?)^```$/gm)].map(([, name = "", text = ""]) => ({
  name,
  text,
}));

function messageOf({ name, text }: { readonly name: string; readonly text: string }) {
  const schema = file_agentspan_v1_worker.messages.find((message) => message.name === name);
  if (schema === undefined) throw new Error(`worker.proto has no message ${name}.`);
  return fromJsonString(schema, text);
}

describe("the page of the worker protocol", () => {
  it.each(blocks)("has an example of $name that is one", (block) => {
    expect(() => messageOf(block)).not.toThrow();
  });

  it("has a request and an answer of each step", () => {
    expect(blocks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "RegisterRequest",
        "RegisterResponse",
        "ClaimRequest",
        "ClaimResponse",
        "ReleaseRequest",
      ]),
    );
    expect(blocks.length).toBeGreaterThanOrEqual(10);
    for (const verb of WORKER_VERBS) expect(page).toContain(`\`${verb}\``);
  });

  it("grants the arguments of its digest", () => {
    const response = blocks.find(({ name }) => name === "ClaimResponse");
    const answer = (JSON.parse(response?.text ?? "{}") as { grant: object }).grant;
    const grant = fromJsonString(GrantSchema, JSON.stringify(answer));
    expect(isMessage(grant, GrantSchema)).toBe(true);
    expect(digestOf(grant.argumentsJson)).toBe(grant.argumentsDigest);
    expect(grant.proof?.argumentsDigest).toBe(grant.argumentsDigest);
  });

  it("says what to do where nobody knows of a registration", () => {
    const section = (from: string, to: string) => page.slice(page.indexOf(from), page.indexOf(to));
    for (const [from, to] of [
      ["## 1.", "## 2."],
      ["## 3.", "## 4."],
      ["## 6.", "## Looking"],
    ] as const)
      expect(section(from, to)).toMatch(
        /PERMISSION_DENIED[^.]*[rR]egister again|[rR]egister again[^.]*PERMISSION_DENIED/,
      );
  });

  it("names every refusal and every reason to hand back", () => {
    const names = (values: object) =>
      Object.values(values).filter((value) => typeof value === "string" && value !== "UNSPECIFIED");
    for (const name of [...names(RefusalReason), ...names(ReleaseReason)]) expect(page).toContain(name);
  });
});
