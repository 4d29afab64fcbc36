// What the pages say, held to what the code does.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AgentspanError, codeOf, PRODUCT_VARIABLES, REASONS } from "@agentspan/internal";
import { modelVariables } from "@agentspan/orchestrator";
import { describe, expect, it } from "vitest";
import { leavesOf } from "../src/command-parts.js";
import { EXIT_CODES } from "../src/exit-codes.js";
import { main } from "../src/main.js";
import { program } from "../src/program.js";
import { capturedOutput } from "./captured-output.js";
import { tableRows as rows } from "./table-rows.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const page = (path: string): string => readFileSync(join(ROOT, path), "utf8");

describe("docs/errors.md", () => {
  const [reasons = "", ends = ""] = page("docs/errors.md").split("\n## Why a run did not complete\n");

  it("has every reason with its code, and says which requests may be repeated", () => {
    const listed = rows(reasons)
      .slice(2)
      .map(([reason, code, again]) => `${reason} ${code} ${again}`);
    const known = REASONS.map((reason) => {
      const again = new AgentspanError(reason, "").retryable ? "yes" : "";
      return `${reason} ${codeOf(reason)} ${again}`;
    });
    expect(listed.sort()).toEqual(known.sort());
  });

  it("has every reason for which the contract lets a run end", () => {
    const listed = rows(ends)
      .slice(2)
      .map(([reason]) => reason);
    const [, contract = ""] =
      /message RunError \{\s*\/\/ ([^\n]+)\n/.exec(page("proto/agentspan/v1/run_state.proto")) ?? [];
    expect(listed.sort()).toEqual((contract.match(/[A-Z_]{4,}/g) ?? []).sort());
  });

  it("leaves no cell empty that a reader needs", () => {
    for (const [reason, , , happened, todo] of rows(reasons).slice(2)) {
      expect(happened, reason).toMatch(/\S/);
      expect(todo, reason).toMatch(/\S/);
    }
  });
});

describe("docs/getting-started.md", () => {
  const text = page("docs/getting-started.md");

  it("names only variables that are read", () => {
    const named = new Set(text.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g));
    const read = new Set<string>([...PRODUCT_VARIABLES, ...modelVariables({})]);
    const others: readonly string[] = ["NATS_URL", "MONGODB_URI", "XDG_DATA_HOME", "ACME_API_KEY", ...REASONS];
    expect([...named].filter((name) => !read.has(name) && !others.includes(name))).toEqual([]);
  });

  it.each([
    ["server start", ["--port", "--grpc-port", "--nats-port", "--data", "--verbose"]],
    ["demo", ["--approve", "--reject", "--run"]],
    ["settle", ["--happened", "--run-again", "--give-up"]],
    ["runs events", ["--follow", "--json", "--url"]],
  ])("names options that %s has", async (command, options) => {
    const { output, out } = capturedOutput();
    await main([...command.split(" "), "--help"], output);
    for (const option of options) {
      expect(text).toContain(option);
      expect(out()).toContain(option);
    }
  });
});

describe("docs/command.md", () => {
  const tables = page("docs/command.md").split(/^## /m);
  const table = (title: string) => rows(tables.find((text) => text.startsWith(title)) ?? "").slice(2);

  it("has every command with its arguments, and says which gives JSON", () => {
    const listed = table("Commands").map(([command = "", , json]) => [command.replaceAll("`", ""), json !== ""]);
    const there = leavesOf(program(capturedOutput().output)).map(({ path, command }) => {
      const words = command.registeredArguments.map((one) => {
        const name = `${one.name()}${one.variadic ? "..." : ""}`;
        return one.required ? `<${name}>` : `[${name}]`;
      });
      const json = command.options.some(({ long }) => long === "--json") || GIVES_JSON.includes(path);
      return [[path, ...words].join(" "), json];
    });
    expect(listed.toSorted()).toEqual(there.toSorted());
  });

  it("has every exit code", () => {
    const listed = table("Exit codes").map(([code]) => Number(code));
    expect(listed).toEqual(Object.values(EXIT_CODES).toSorted((a, b) => a - b));
  });
});

/** What they write is JSON whatever is asked for. */
const GIVES_JSON: readonly string[] = ["runs export", "audit export", "receipt export"];

describe("every page", () => {
  const pages = [
    "README.md",
    ...readdirSync(join(ROOT, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
  ];

  it.each(pages)("%s leads to files that are there", (path) => {
    for (const [, target = ""] of page(path).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]+)?\)/g)) {
      expect(existsSync(join(ROOT, dirname(path), target)), target).toBe(true);
    }
  });
});
