// Starts a program that scripts/bundle.mjs made, and keeps what V8 has compiled of it when it ends, which it does soon: no
// server is where its settings say. Whoever starts it later need not compile that again.
//   node scripts/code-cache.mjs <package>/bundle/main.js <package>/bundle/parts/main-0123456789ab.cjs
import { renameSync, writeFileSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { pathToFileURL } from "node:url";

const [, , program, part] = process.argv;

const vm = createRequire(import.meta.url)("node:vm");
const { Script } = vm;
let script;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    if (options?.filename === part) script = this;
  }
};
syncBuiltinESMExports();

Object.assign(process.env, {
  AGENTSPAN_PORT: "0",
  AGENTSPAN_GRPC_PORT: "0",
  AGENTSPAN_SERVER_URL: "http://127.0.0.1:9",
  MONGODB_URI: "mongodb://127.0.0.1:9/?directConnection=true&serverSelectionTimeoutMS=300",
  NATS_URL: "nats://127.0.0.1:9",
  CONFORMANCE_FAULT: "is silent when idle",
});
process.once("exit", () => {
  process.exitCode = 1;
  if (script === undefined) return;
  writeFileSync(`${part}.v8.${process.pid}`, script.createCachedData());
  renameSync(`${part}.v8.${process.pid}`, `${part}.v8`);
  process.exitCode = 0;
});
process.on("uncaughtException", () => process.exit());
// It may well wait for a server to come.
setTimeout(() => process.exit(), 1_500);

const { main } = await import(pathToFileURL(program).href);
if (main !== undefined) {
  await main(["runs", "list"]);
  process.exit();
}
