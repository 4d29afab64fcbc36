// A clone in which nothing was built: the first thing that somebody types there is the command itself.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CopiedTree } from "../../src/defences/copied-tree.js";

let tree: CopiedTree;
beforeAll(async () => {
  tree = await CopiedTree.make({ built: false });
});
afterAll(() => tree.remove());

it("the command builds what it needs, says so, and answers", { timeout: 400_000 }, async () => {
  const first = await tree.node("cli/bin/agentspan.mjs", "--version");
  expect(first).toMatchObject({
    ok: true,
    output: expect.stringMatching(
      /^Building Agentspan.*\n(?: {2}\d of 4: .*\n)* {2}2 of 4: compiling.*\n(?: {2}\d of 4: .*\n)*\d+\.\d+\.\d+\n$/,
    ),
  });
  const programs = ["orchestrator", "gateway"].map((name) => join(tree.folder, "services", name, "bundle", "main.js"));
  expect(programs.filter((program) => !existsSync(program))).toEqual([]);
  const second = await tree.node("cli/bin/agentspan.mjs", "server", "start", "--help");
  expect(second).toMatchObject({ ok: true, output: expect.stringMatching(/^Usage: agentspan server start/) });
});
