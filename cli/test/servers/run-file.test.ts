// agentspan run: files as a person has them, in a folder with the packages.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AgentDefinitionSchema } from "@agentspan/proto";
import { AgentRuntime } from "@agentspan/sdk";
import { refundAgent } from "@agentspan/worker-refund";
import { toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type Command, Machine, type ServerCommand } from "./command.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

let machine: Machine;
let server: ServerCommand;
let runtime: AgentRuntime;
let folder: string;
beforeAll(async () => {
  machine = new Machine();
  folder = join(machine.folder, "project");
  mkdirSync(folder);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  server = await machine.server();
  runtime = new AgentRuntime({ url: server.url, natsUrl: server.natsUrl, grace: "1s" });
});
afterAll(async () => {
  await runtime.shutdown();
  await machine.close();
});

const INPUT = "Refund ORD-8821 of cust_001";

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** An agent whose tools are in the file. */
const agentText = (name: string): string => `
import { Agent, tool } from "@agentspan/sdk";
const schema = { type: "object", properties: { order_id: { type: "string" }, amount: { type: "number" } } };
const getOrder = tool(({ order_id }) => ({ order_id, amount: 29.99 }), { name: "get_order", description: "Look up an order.", inputSchema: schema });
const processRefund = tool(({ order_id, amount }) => ({ refunded: true, order_id, amount }), {
  name: "process_refund", description: "Issue a refund.", inputSchema: schema, approvalRequired: true });
export const ${name} = new Agent({ name: "${name}", model: "demo/refund", tools: [getOrder, processRefund] });
`;

const run = (...args: string[]): Command => machine.run("run", ...args, "--url", server.url);

describe("run of a file that exports an agent", () => {
  it("serves its tools, shows what happens, asks on the terminal, and ends with the result", async () => {
    const path = file("asked.mjs", agentText("asked_agent"));
    const asked = machine.runOnTerminal("run", path, INPUT, "--url", server.url);
    await asked.shows(/--- Approval required ---\r\nAgent wants to call: process_refund\r\n {2}amount {4}29\.99/);
    await asked.shows(/Approve\? \(y\/n\): $/);
    asked.type("y\r");
    expect(await asked.exit).toBe(0);
    expect(asked.shown).toMatch(/tool_started +process_refund on/);
    expect(asked.shown).toMatch(/Result: .*refund of \$29\.99 for order ORD-8821 has been processed\.\r\n$/);
  });

  it("takes its input from a pipe, and waits for somebody else where nobody can be asked here", async () => {
    const piped = run(file("piped.mjs", agentText("piped_agent")));
    piped.typeAll(INPUT);
    const [, runId = ""] = await piped.shows(/\$ agentspan approve (run_\w+) apr_/);
    expect((await machine.ask("reject", runId, "--reason", "too expensive", "--url", server.url)).code).toBe(0);
    expect(await piped.exit).toBe(0);
    expect(piped.shown).toMatch(/Result: .*The reason given was: too expensive/);
  });

  it("gives programs its events, and ends as the run does", async () => {
    const path = file("two.mjs", `${agentText("one_agent")}export { other } from "./other.mjs";`);
    file("other.mjs", agentText("other"));
    const none = run(path, INPUT);
    expect(await none.exit).toBe(2);
    expect(none.shown).toContain("exports these agents: one_agent, other. Say which one with --agent.");
    const json = run(path, INPUT, "--json", "--agent", "other");
    const [, runId = ""] = await json.shows(
      /"type":"waiting"[^\n]*"runId":"(run_\w+)"|"runId":"(run_\w+)"[^\n]*"type":"waiting"/,
    );
    const [id = ""] = runId === "" ? (/run_\w+/.exec(json.shown) ?? []) : [runId];
    await machine.ask("runs", "cancel", id, "--url", server.url);
    expect(await json.exit).toBe(5);
    const events = json.shown
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1));
    expect(events.at(-1)).toMatchObject({ type: "cancelled" });
  });

  it("leaves the run on the server at Ctrl-C", async () => {
    const stopped = run(file("stopped.mjs", agentText("stopped_agent")), INPUT);
    await stopped.shows(/\$ agentspan approve run_/);
    stopped.kill("SIGINT");
    expect(await stopped.exit).toBe(130);
    const [, runId = ""] = await stopped.shows(/The run is kept[^\n]* runs show (run_\w+)/);
    expect((await runtime.handle(runId).getStatus()).isWaiting).toBe(true);
  });

  it("says what the file threw, and where", async () => {
    const broken = run(file("broken.mjs", "export const a = 1;\nthrow new Error('no database');\n"), INPUT);
    expect(await broken.exit).toBe(1);
    expect(broken.shown).toMatch(/broken\.mjs could not be run:\nError: no database\n +at .*broken\.mjs:2/);
  });
});

describe("run of a program of its own", () => {
  it("ends with its exit code when it has nothing left to do, and gives it the server", async () => {
    const text = `setTimeout(() => { console.log(process.argv[2], process.env.AGENTSPAN_SERVER_URL); process.exitCode = 9; }, 50);`;
    const program = run(file("program.mjs", text), "words");
    expect(await program.exit).toBe(9);
    expect(program.shown).toBe(`words ${server.url}\n`);
  });

  it("says of what exports something else than an agent that it runs as a program", async () => {
    const program = run(file("export.mjs", "export default 1;"));
    expect(await program.exit).toBe(0);
    expect(program.shown).toMatch(/export\.mjs exports no agent \(but default\): it runs as a program\./);
  });

  it("runs Python", async () => {
    const text = "import os, sys\nprint(sys.argv[1], os.environ['AGENTSPAN_SERVER_URL'])\nsys.exit(9)\n";
    const program = run(file("program.py", text), "words");
    expect(await program.exit).toBe(9);
    expect(program.shown).toBe(`words ${server.url}\n`);
  });
});

describe("run of a definition", () => {
  it.each([
    ["agent.json", JSON.stringify],
    ["agent.yaml", stringify],
  ])("starts it on the server, whose workers serve it: %s", async (name, write) => {
    const definition = toJson(AgentDefinitionSchema, { ...refundAgent.definition, model: "demo/refund" });
    await runtime.serve(refundAgent, { blocking: false });
    const defined = run(file(name, write(definition)), INPUT);
    const [, runId = ""] = await defined.shows(/\$ agentspan approve (run_\w+) apr_/);
    await runtime.handle(runId).approve();
    expect(await defined.exit).toBe(0);
    expect(defined.shown).toMatch(/Result: .*has been processed/);
  });

  it("says what is wrong with it", async () => {
    const yaml = run(file("bad.yaml", "name: [a"), INPUT);
    const json = run(file("bad.json", '{"nam":"a"}'), INPUT);
    expect([await yaml.exit, await json.exit]).toEqual([2, 2]);
    expect(yaml.shown).toMatch(/bad\.yaml is no YAML: .*line 1/);
    expect(json.shown).toMatch(/bad\.json is no definition of an agent: .*"nam"/);
  });
});

// Node 22.18 and newer take the types away themselves.
const needsLoader = Number(process.versions.node.split(".")[0]) < 22;

describe.skipIf(!needsLoader)(
  `run of TypeScript (Node ${process.versions.node}: skipped where Node runs it by itself)`,
  () => {
    it("says what is missing, and takes the loader that the project has", async () => {
      const own = join(machine.folder, "typed");
      mkdirSync(join(own, "node_modules"), { recursive: true });
      symlinkSync(join(ROOT, "node_modules", "@agentspan"), join(own, "node_modules", "@agentspan"));
      const path = join(own, "typed.ts");
      writeFileSync(path, "export {};\nconsole.log('typed');\n");
      const without = run(path);
      expect(await without.exit).toBe(1);
      expect(without.shown).toMatch(/runs no TypeScript by itself\. Install tsx beside .*typed\.ts/);
      // In place of tsx, which is not among our packages: what it registers takes types away; here there are none.
      const loader = join(own, "node_modules", "tsx");
      mkdirSync(loader);
      writeFileSync(join(loader, "package.json"), '{"type":"module","exports":{"./esm/api":"./api.js"}}');
      const hooks =
        "export async function load(url, context, next) { return next(url, { ...context, format: 'module' }); }";
      const register = `import { register as add } from "node:module";\nexport const register = () => add("data:text/javascript," + encodeURIComponent(${JSON.stringify(hooks)}));\n`;
      writeFileSync(join(loader, "api.js"), register);
      const typed = run(path);
      expect(await typed.exit).toBe(0);
      expect(typed.shown).toBe("typed\n");
      rmSync(own, { recursive: true });
    });
  },
);

it("says how to get a server where there is none", async () => {
  const path = file("alone.mjs", agentText("alone_agent"));
  machine.env.AGENTSPAN_NATS_URL = "nats://127.0.0.1:1";
  const alone = machine.run("run", path, INPUT, "--url", "http://127.0.0.1:1");
  delete machine.env.AGENTSPAN_NATS_URL;
  expect(await alone.exit).toBe(1);
  expect(alone.shown).toContain("Is the server running, and is AGENTSPAN_NATS_URL its address?");
  expect(alone.shown).not.toMatch(/\n\s+at /);
});
