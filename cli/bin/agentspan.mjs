#!/usr/bin/env node
// Runs the command line. A fresh clone has not been built yet: then that comes first.
import { existsSync } from "node:fs";

const program = new URL("../bundle/main.js", import.meta.url);
const built = () => existsSync(program);
if (!built()) {
  const script = new URL("../../scripts/build-first.mjs", import.meta.url);
  if (!existsSync(script)) {
    process.stderr.write("This installation is incomplete: bundle/ is missing. Install the package again.\n");
    process.exit(1);
  }
  const { buildFirst } = await import(script.href);
  await buildFirst();
}
// A label may have this name: see internal/src/proto-key.ts.
Reflect.deleteProperty(Object.prototype, "__proto__");
const { main } = await import(program.href);
// Whatever is still open, such as an idle connection, is nobody's any more.
process.exit(await main(process.argv.slice(2)));
