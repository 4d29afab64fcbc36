// The receivers of docs/webhooks.md, as somebody would run them: they take what is signed, and nothing else.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { newSecret, rotated, signedHeaders } from "../../src/webhooks/secrets.js";

const page = readFileSync(new URL("../../../../docs/webhooks.md", import.meta.url), "utf8");
const folder = mkdtempSync(join(tmpdir(), "agentspan-receivers-"));
const started: ChildProcess[] = [];
afterAll(async () => {
  for (const child of started) {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
});

function blockOf(language: string): string {
  const [, code] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  if (code === undefined) throw new Error(`The page has no block of ${language}.`);
  return code;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

const LANGUAGES: readonly (readonly [language: string, command: string, file: string, prepare: () => void])[] = [
  [
    "ts",
    process.execPath,
    "receiver.mjs",
    () => {
      writeFileSync(join(folder, "receiver.mjs"), transformSync(blockOf("ts"), { loader: "ts" }).code);
      symlinkSync(fileURLToPath(new URL("../../../../node_modules", import.meta.url)), join(folder, "node_modules"));
    },
  ],
  ["python", "python3", "receiver.py", () => writeFileSync(join(folder, "receiver.py"), blockOf("python"))],
];

describe.each(LANGUAGES)("the receiver in %s", (language, command, file, prepare) => {
  const missing = spawnSync(command, ["--version"]).status !== 0;
  if (missing) process.stderr.write(`Skipped the receiver in ${language}: there is no ${command} on PATH.\n`);

  it.skipIf(missing)("takes each message once that is signed just now, and no other", async () => {
    prepare();
    const now = Date.now();
    const secrets = [newSecret(now)];
    const both = rotated({ secrets }, now).toReversed();
    const port = await freePort();
    const env = { PATH: process.env.PATH, PORT: String(port), WEBHOOK_SECRET: secrets[0]?.text ?? "" };
    const child = spawn(command, [join(folder, file)], { env, stdio: ["ignore", "pipe", "inherit"] });
    started.push(child);
    const lines: string[] = [];
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (text) => {
        lines.push(...String(text).split("\n").filter(Boolean));
        if (lines.includes("ready")) resolve();
      });
      child.on("exit", (code) => reject(new Error(`The receiver ended with ${code}.`)));
    });
    await ready;

    const body = JSON.stringify({ type: "approval.waiting", data: { toolName: "café" } });
    const post = async (headers: Readonly<Record<string, string>>, text = body) =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: text, headers: { ...headers } })).status;
    const good = signedHeaders("msg_1", now, body, secrets);
    expect(await post(good)).toBe(204);
    expect(await post(signedHeaders("msg_1", now, body, both))).toBe(204);
    expect(await post(signedHeaders("msg_2", now, body, both))).toBe(204);
    expect(await post(good, body.replace("waiting", "decided"))).toBe(401);
    expect(await post({ ...good, "webhook-id": "msg_3" })).toBe(401);
    expect(await post(signedHeaders("msg_4", now - 600_000, body, secrets))).toBe(401);
    expect(await post(signedHeaders("msg_5", now, body, [newSecret(now)]))).toBe(401);
    expect(await post({})).toBe(401);
    await expect.poll(() => lines).toEqual(["ready", "approval.waiting", "approval.waiting"]);
  });
});
