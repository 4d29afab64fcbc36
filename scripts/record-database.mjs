#!/usr/bin/env node
// Records a database as this version leaves it, with runs in every state in which one may stay for long, for the versions
// to come: e2e/test/servers/stored-databases.test.ts brings each back and goes on with its runs. Recorded once for a
// version and never written anew.
//
//   npm run build && node scripts/record-database.mjs <name>
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "..");
const { deskAgent, dumpDatabase, Stack, until } = await import(pathToFileURL(join(root, "e2e/dist/index.js")).href);

const [name] = process.argv.slice(2);
if (name === undefined || !/^[a-z0-9.-]+$/.test(name)) throw new Error("Say the database's name, such as 0.1.0.");
const folder = join(root, "e2e/testdata/databases", name);
if (existsSync(folder)) throw new Error(`${folder} is there already: what was recorded stays as it is.`);

const REFUND = { order_id: "ORD-8821", amount: 29.99 };
const call = (tool, args = {}) => ({ calls: [{ tool, args }] });
const stack = await Stack.start({ workers: 2 });

async function start(input, steps, agent = deskAgent()) {
  stack.model.say(input, steps);
  return stack.runtime().start(agent, input, { serve: false });
}
async function asked(handle, kind) {
  await until(`it asks for ${kind}`, async () =>
    (await handle.getStatus()).pendingApprovals.some((one) => one.kind === kind),
  );
  return handle;
}

try {
  const refunding = [call("refund", REFUND), { text: "ok" }];
  const waits = await asked(await start("waits", refunding), "APPROVAL");
  const paused = await asked(await start("paused", refunding), "APPROVAL");
  await paused.pause("Month's end");
  const rejected = await asked(await start("rejected", refunding), "APPROVAL");
  await rejected.reject("Not covered");
  await rejected.result();
  const paid = await asked(await start("paid", [call("get_order"), ...refunding]), "APPROVAL");
  await paid.approve();
  await paid.result();
  const unknown = await asked(
    await start("unknown", [call("refund", { ...REFUND, die: true }), { text: "ok" }]),
    "APPROVAL",
  );
  await unknown.approve();
  await asked(unknown, "SETTLEMENT");
  const blocked = await start("blocked", [call("get_order"), { text: "ok" }], deskAgent("elsewhere"));
  await until("it waits for a worker", async () => (await blocked.getStatus()).blockedOn.length > 0);
  const runs = Object.fromEntries(
    Object.entries({ waits, paused, rejected, paid, unknown, blocked }).map(([key, { runId }]) => [key, runId]),
  );
  const results = { rejected: await rejected.result(), paid: await paid.result() };
  await dumpDatabase(stack.database, folder);
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify({ runs, results }, null, 2)}\n`);
} finally {
  await stack.stop();
}
