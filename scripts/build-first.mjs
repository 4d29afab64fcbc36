// Builds the command line and what it needs, for whoever runs it from a clone, and says so at once.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** A step that takes longer says what it is: where all is built, none does. */
const SILENCE_MS = 1_000;

/** Resolves when it is built. Where it cannot be, says why and ends the process with 1. */
export async function buildFirst() {
  process.stdout.write("Building Agentspan (half a minute the first time, and more on a busy machine)\n");
  const steps = [
    ["reading the contract", join(root, "scripts", "generate.mjs"), "--vendor-only"],
    [
      "compiling the TypeScript, which takes the longest",
      ...[join(root, "node_modules", "typescript", "bin", "tsc"), "-b"],
      ...[join(root, "cli"), join(root, "services", "desk")],
    ],
    ["putting each program into one file", join(root, "scripts", "bundle.mjs")],
    ["making the pages of the desk", join(root, "scripts", "desk.mjs")],
  ];
  for (const [index, [what, ...step]] of steps.entries()) {
    const told = setTimeout(() => process.stdout.write(`  ${index + 1} of ${steps.length}: ${what}\n`), SILENCE_MS);
    const { code, said } = await run(step);
    clearTimeout(told);
    if (code === 0) continue;
    process.stderr.write(
      `${said.trim()}\nAgentspan could not be built. After a change of the dependencies run: npm ci; where parts of the build were removed: npx tsc -b --force\n`,
    );
    process.exit(1);
  }
}

function run(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const keep = (text) => {
      said += text;
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    // Ctrl-C reaches the child by itself, in the terminal's group; kill reaches this process alone.
    const stop = (signal) => {
      child.kill(signal);
      child.once("close", () => process.exit(130));
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    child.once("error", (error) => resolve({ code: 1, said: `${said}${error.message}` }));
    child.once("close", (code) => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
      resolve({ code: code ?? 1, said });
    });
  });
}
