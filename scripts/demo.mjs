#!/usr/bin/env node
// npm run demo: builds what has changed, then runs the demonstration in this process.
//
// Whether anybody can answer its question is looked at first: a build takes a while.
const args = process.argv.slice(2);
const answered = args.some((arg) => /^(--approve|--reject(=.*)?|--help|-h)$/.test(arg));
if (!answered && !(process.stdin.isTTY && process.stdout.isTTY)) {
  process.stderr.write(
    'The demo asks a person to approve, and there is no terminal to ask in. Use: npm run demo -- --approve, or --reject "a reason"\n',
  );
  process.exit(2);
}
const { buildFirst } = await import("./build-first.mjs");
await buildFirst();
const { main } = await import("../cli/bundle/main.js");
process.exit(await main(["demo", ...args]));
