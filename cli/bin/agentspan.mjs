#!/usr/bin/env node
// Runs the command line. A fresh clone has not been built yet: then that comes first.
import { existsSync } from "node:fs";

const built = () => existsSync(new URL("../dist/main.js", import.meta.url));
if (!built()) {
  const script = new URL("../../scripts/build-first.mjs", import.meta.url);
  if (!existsSync(script)) {
    process.stderr.write("This installation is incomplete: dist/ is missing. Install the package again.\n");
    process.exit(1);
  }
  const { buildFirst } = await import(script.href);
  await buildFirst();
  if (!built()) {
    process.stderr.write("Parts of the build were removed. Build all of it anew: npx tsc -b --force\n");
    process.exit(1);
  }
}
const { main } = await import("../dist/main.js");
// Whatever is still open, such as an idle connection, is nobody's any more.
process.exit(await main(process.argv.slice(2)));
