// Runs every block of code of docs/testing.md, read out of the page itself, as a project of its own under Vitest.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AgentDefinitionSchema } from "@agentspan/proto";
import type { Agent } from "@agentspan/sdk";
import { approve, calls, historyLines, memoryKit, says } from "@agentspan/sdk/testing";
import { toJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PAGE = readFileSync(join(ROOT, "docs/testing.md"), "utf8");

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocks: readonly Block[] = [...PAGE.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
  ([, language = "", text = ""]) => ({ language, text }),
);
/**
 * The page's own configuration. The SDK is loaded by Node, as where it is installed (here it is linked to), and once: each
 * file of tests gets the page's modules anew, as where Vitest starts a process for each.
 */
const ONE_PROCESS = {
  "one-process.config.ts": `
import { mergeConfig } from "vitest/config";
import page from "./vitest.config.js";

const external = [/\\/dist\\//];
export default mergeConfig(page, {
  test: { setupFiles: ["./anew.ts"], isolate: false, maxWorkers: 1, server: { deps: { external } } },
});
`,
  "anew.ts": `
import { vi } from "vitest";

vi.resetModules();
`,
};

/** By the name in their first line. */
const files = new Map(
  blocks.flatMap(({ language, text }) => {
    const [, name] = /^\/\/ (\S+)\n/.exec(text) ?? [];
    return language === "ts" && name !== undefined ? [[name, text] as const] : [];
  }),
);

describe("docs/testing.md", () => {
  const folder = mkdtempSync(join(tmpdir(), "testing-page-"));
  const bin = join(ROOT, "node_modules/.bin");

  beforeAll(async () => {
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    const options = {
      module: "NodeNext",
      target: "ES2023",
      lib: ["ES2023", "ESNext.Disposable"],
      types: ["node"],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["*.ts"] }));
    for (const [name, text] of [...files, ...Object.entries(ONE_PROCESS)]) writeFileSync(join(folder, name), text);
    await record();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What the page's agent did once, and its definition, under the names that the page has for them. */
  async function record(): Promise<void> {
    const { agent } = (await import(join(folder, "refund-agent.ts"))) as { readonly agent: Agent };
    await using kit = await memoryKit({
      model: [calls("process_refund", { order_id: "ORD-8821", amount: 29.99 }), says("It is refunded.")],
      decisions: { process_refund: approve({ by: "maria" }) },
    });
    const { runId } = await kit.run(agent, "Refund order ORD-8821");
    const lines: string[] = [];
    for await (const line of historyLines(kit.runtime, runId)) lines.push(line);
    writeFileSync(join(folder, "refund-approved.jsonl"), lines.join("\n"));
    writeFileSync(join(folder, "refund-agent.json"), toJsonString(AgentDefinitionSchema, agent.definition));
  }

  /** Runs a program of the project, with the command agentspan on its path. */
  function run(program: string, ...args: readonly string[]): string {
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
    const child = spawnSync(join(bin, program), args, { cwd: folder, env, encoding: "utf8" });
    expect(child.status, `${child.stdout}${child.stderr}`).toBe(0);
    return child.stdout;
  }

  it("has no code that this file does not run", () => {
    // Those in Python are run by the tests of the Python SDK.
    const others = blocks.filter(({ language }) => language !== "ts" && language !== "python");
    expect(others.map(({ language }) => language)).toEqual(["json", "sh", "", "sh"]);
    expect([...files.keys()]).toEqual([
      ...["refund-agent.ts", "made-up.test.ts", "kit.test.ts", "model.test.ts", "time.test.ts"],
      ...["people.test.ts", "agents.test.ts", "lost.test.ts", "snapshot.test.ts"],
      ...["setup.ts", "vitest.config.ts", "matchers.test.ts", "replay.test.ts", "server.test.ts"],
    ]);
    expect(files.size).toBe(blocks.filter(({ language }) => language === "ts").length);
  });

  it("has types that fit", () => {
    run("tsc", "-p", ".");
  });

  it("has tests that pass", () => {
    const report = JSON.parse(run("vitest", "run", "--reporter=json", "--config=one-process.config.ts"));
    const tests = [...files.values()].flatMap((text) => text.match(/^it\(/gm) ?? []);
    expect(report).toMatchObject({ success: true, numPassedTests: tests.length, numTotalTests: tests.length });
  });

  it("has a command that replays", () => {
    const commands = blocks.filter(({ language }) => language === "sh").map(({ text }) => text.trim().split(" "));
    expect(commands.map(([program, command]) => [program, command])).toEqual(commands.map(() => ["npx", "agentspan"]));
    const [, replayed = []] = commands;
    expect(run("agentspan", ...replayed.slice(2))).toMatch(/^As it was recorded: \d+ events of run run_\w+\.\n$/);
  });

  it("names an entry for Jest that is there", () => {
    const [config] = blocks.filter(({ language }) => language === "json");
    const { setupFilesAfterEnv } = JSON.parse(config?.text ?? "{}");
    expect(setupFilesAfterEnv).toEqual(["@agentspan/sdk/testing/jest"]);
    expect(import.meta.resolve(setupFilesAfterEnv[0])).toMatch(/matchers\/jest\.js$/);
  });

  it("names every event, expectation and matcher that there is", async () => {
    const { Expectation, MockEvent } = await import("@agentspan/sdk/testing");
    const { runMatchers } = await import("@agentspan/sdk/testing/matchers");
    const chain = Object.getOwnPropertyNames(Expectation.prototype).filter((name) => name !== "constructor");
    for (const name of [...Object.keys(MockEvent), ...chain, ...Object.keys(runMatchers)]) {
      expect(PAGE).toMatch(new RegExp(`\`${name}[\`(]`));
    }
  });
});
