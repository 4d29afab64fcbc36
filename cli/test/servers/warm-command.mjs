// The command line as bin/agentspan.mjs starts it, but for its end: a process that goes on and is asked again.
import process from "node:process";

Reflect.deleteProperty(Object.prototype, "__proto__");
const { main } = await import("../../bundle/main.js");

let shown = "";
for (const stream of [process.stdout, process.stderr]) {
  stream.write = (text) => {
    shown += text;
    return true;
  };
}

let before = Promise.resolve();
process.on("message", ({ args, env }) => {
  // One after the other: what a process has, such as its environment, is one question's alone.
  before = before.then(async () => {
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, env);
    shown = "";
    const code = await main(args);
    process.send({ code, shown });
  });
});
process.once("disconnect", () => process.exit());
