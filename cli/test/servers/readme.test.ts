// Runs every block of code of the README, read out of the README itself.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "@agentspan/servers/eventually";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Command, Machine } from "./command.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocks: readonly Block[] = [...README.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
  ([, language = "", text = ""]) => ({ language, text }),
);
const commands = blocks.filter(({ language }) => language === "sh").flatMap(({ text }) => text.trim().split("\n"));
const [program] = blocks.filter(({ language }) => language === "ts");

/** A command of the README, as it stands there; fails where it no longer does. */
function commandOf(text: string): readonly string[] {
  expect(commands, "the README has this command").toContain(text);
  return text.split(" ");
}

let machine: Machine;
/** Where a reader is after `npm ci`: a folder with the packages. */
let folder: string;
/** One that several tests have, with the server on it. */
let shared: Machine | undefined;

function take(one: Machine): void {
  machine = one;
  folder = join(machine.folder, "clone");
  if (existsSync(folder)) return;
  mkdirSync(folder);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{"private":true}');
  writeFileSync(join(folder, "refund.mjs"), program?.text ?? "");
}

beforeEach(() => take(shared ?? new Machine()));
afterEach(async () => {
  if (machine !== shared) await machine.close();
});

const TERMINAL = fileURLToPath(new URL("./pseudo-terminal.py", import.meta.url));
const start = (text: string, cwd = folder): Command => {
  const [name = "", ...args] = commandOf(text);
  return machine.start(name, args, cwd);
};
const startOnTerminal = (text: string, cwd = folder): Command =>
  machine.start("python3", [TERMINAL, ...commandOf(text)], cwd);

/** `npx agentspan server start`, on ports that no other test has. */
async function server(): Promise<Command> {
  Object.assign(machine.env, { AGENTSPAN_PORT: "0" });
  const started = machine.start(
    "npx",
    [...commandOf("npx agentspan server start").slice(1), "--nats-port", "0"],
    folder,
  );
  await started.shows(/Ctrl-C stops it/);
  const [, url = ""] = await started.shows(/API +(\S+)/);
  const [, natsUrl = ""] = await started.shows(/Workers +(\S+)/);
  delete machine.env.AGENTSPAN_PORT;
  Object.assign(machine.env, { AGENTSPAN_SERVER_URL: url, AGENTSPAN_NATS_URL: natsUrl });
  return started;
}

describe("the README", () => {
  it("has no code that this file does not run", () => {
    expect(commands).toEqual([
      "npm ci",
      "npm run demo",
      "npx agentspan server start",
      "node refund.mjs",
      "npx agentspan approvals list",
      "npx agentspan approve run_x7k2",
    ]);
    expect(blocks.map(({ language }) => language)).toEqual(["text", "sh", "text", "sh", "ts", "sh", "sh"]);
  });

  it("installs what package-lock.json says", async () => {
    // Without writing: the tests themselves run on what is installed.
    const install = machine.start(
      "npm",
      [...commandOf("npm ci").slice(1), "--dry-run", "--offline", "--ignore-scripts"],
      ROOT,
    );
    const code = await install.exit;
    expect(install.shown).not.toMatch(/can only install .* in sync/);
    expect(code, install.shown).toBe(0);
  });

  it("leads to links that are there", () => {
    const links = [...README.matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g)];
    expect(links.length).toBeGreaterThan(5);
    for (const [, path = "", anchor] of links) {
      if (anchor === undefined) continue;
      const headings = [...readFileSync(join(ROOT, path), "utf8").matchAll(/^#+ (.+)$/gm)];
      expect(headings.map(([, heading = ""]) => heading.toLowerCase().replaceAll(" ", "-"))).toContain(anchor);
    }
  });
});

describe("npm run demo", () => {
  it("says that it builds and shows what the README shows", async () => {
    Object.assign(machine.env, { AGENTSPAN_PORT: "0" });
    const demo = startOnTerminal("npm run demo", ROOT);
    await demo.shows(/Approve\? \(y\/n\): $/);
    const shown = demo.shown.replaceAll("\r\n", "\n");
    expect(shown).toContain("Building Agentspan");
    expect(shown).toContain(blocks.find(({ text }) => text.startsWith("--- Approval required"))?.text);
    demo.type("y\r");
    expect(await demo.exit).toBe(0);
    expect(demo.shown).toContain("Result: Alex, your refund of $29.99 for order ORD-8821 has been processed.");
    await machine.nothingLeft();
  });
});

describe("the agent", () => {
  it("has at most the lines that a newcomer reads", () => {
    expect(program?.text.trimEnd().split("\n").length).toBeLessThanOrEqual(38);
  });

  it("says where there is no server how to start one, without a stack", async () => {
    Object.assign(machine.env, { AGENTSPAN_NATS_URL: "nats://127.0.0.1:1" });
    const agent = startOnTerminal("node refund.mjs");
    expect(await agent.exit).toBe(1);
    expect(agent.shown).toContain("Is the server running, and is AGENTSPAN_NATS_URL its address?");
    expect(agent.shown).not.toMatch(/(\n|\\n)\s+at /);
  });
});

describe("the agent at a server", () => {
  beforeAll(async () => {
    const one = new Machine();
    take(one);
    await server();
    shared = one;
  });
  afterAll(async () => {
    const one = shared;
    shared = undefined;
    await one?.close();
  });

  it("pays for y", async () => {
    const agent = startOnTerminal("node refund.mjs");
    await agent.shows(/process_refund \{"amount":29\.99,"order_id":"ORD-8821"\}\r\nApprove\? \(y\/n\): $/);
    agent.type("y\r");
    expect(await agent.exit).toBe(0);
    expect(agent.shown).toMatch(/your refund of \$29\.99 for order ORD-8821 has been processed\.\r\n$/i);
  });

  it("asks for a reason for n and shows what the model makes of it", async () => {
    const agent = startOnTerminal("node refund.mjs");
    await agent.shows(/Approve\? \(y\/n\): $/);
    agent.type("n\r");
    await agent.shows(/Rejection reason: $/);
    agent.type("too expensive\r");
    expect(await agent.exit).toBe(0);
    expect(agent.shown).toContain("The reason given was: too expensive.");
  });

  it("is decided about from anywhere else while it asks", async () => {
    const agent = startOnTerminal("node refund.mjs");
    await agent.shows(/Approve\? \(y\/n\): $/);
    const list = start("npx agentspan approvals list");
    expect(await list.exit).toBe(0);
    const [, which = ""] = await list.shows(/\$ npx agentspan approve (run_\w+)/);
    const [npx = "", ...args] = commandOf("npx agentspan approve run_x7k2");
    const approve = machine.start(npx, [...args.slice(0, -1), which], folder);
    expect(await approve.exit).toBe(0);
    expect(approve.shown).toContain("Approved.");
    expect(await agent.exit).toBe(0);
    expect(agent.shown).toMatch(
      /\r\nprocess_refund has been decided: APPROVED by \w+\.\r\n.* has been processed\.\r\n$/,
    );
  });

  it("goes on where nobody can be asked, until somebody else has decided", async () => {
    const agent = machine.start("sh", ["-c", `exec ${commandOf("node refund.mjs").join(" ")} </dev/null`], folder);
    const [, which = ""] = await agent.shows(/^(run_\w+) wants process_refund /);
    expect(await machine.run("approve", which).exit).toBe(0);
    expect(await agent.exit).toBe(0);
    expect(agent.shown).toMatch(/ has been processed\.\n$/);
    expect(agent.shown).not.toMatch(/ERR_|\n\s+at /);
  });

  it("ends at Ctrl-C without a word, and the run waits until its tools are served again", async () => {
    const agent = startOnTerminal("node refund.mjs");
    await agent.shows(/Approve\? \(y\/n\): $/);
    agent.type("\u0003");
    expect(await agent.exit).toBe(130);
    expect(agent.shown).toMatch(/Approve\? \(y\/n\): \^C$/);
    const runs = machine.run("runs", "list", "--state", "WAITING");
    await runs.exit;
    const [left = ""] = agent.shown.split(" ");
    expect(runs.shown).toContain(left);

    const approve = await machine.ask("approve", left);
    expect(approve.shown).toContain("No worker has taken it yet");
    const [serving] = /await serve\(agent\)/.exec(README) ?? [""];
    const [agentAlone = ""] = (program?.text ?? "").split("\nconst terminal");
    const text = `import { serve } from "@agentspan/sdk";\n${agentAlone}${serving};\n`;
    writeFileSync(join(folder, "serve.mjs"), text);
    const worker = machine.start("python3", [TERMINAL, "node", "serve.mjs"], folder);
    const completed = () => machine.ask("runs", "list", "--state", "COMPLETED");
    await eventually(async () => expect((await completed()).shown).toContain(left));
    worker.type("\u0003");
    await worker.exit;
  });
});
