// What old clients and workers rely on stays: the protos are compared with those of the last release.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BUF = join(ROOT, "node_modules", ".bin", "buf");
const BASELINE = join(ROOT, "proto", "baseline.binpb");

/** What `buf breaking` says of the module in a folder, a line each. */
function broken(folder: string): readonly string[] {
  const { status, stdout, stderr } = spawnSync(BUF, ["breaking", "--against", BASELINE], {
    cwd: folder,
    encoding: "utf8",
  });
  // 100: something is broken. Anything else is a failure of buf itself.
  if (status !== 0 && status !== 100) throw new Error(`buf breaking ended with ${status}: ${stderr}`);
  return stdout.split("\n").filter((line) => line !== "");
}

describe("the contract", () => {
  it("breaks nothing of the last release", () => {
    expect(broken(ROOT)).toEqual([]);
  });
});

describe("npm run breaking", () => {
  const SCRIPT = join(ROOT, "scripts", "breaking.mjs");
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "agentspan-released-"));
    mkdirSync(join(folder, "proto"));
    writeFileSync(join(folder, "buf.yaml"), "version: v2\nmodules:\n  - path: proto\n");
    git("init", "--quiet");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function git(...args: readonly string[]): void {
    const who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@acme.test", "-c", "commit.gpgSign=false"];
    const { status, stderr } = spawnSync("git", [...who, ...args], { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
  }

  function commit(fields: string): void {
    writeFileSync(join(folder, "proto", "a.proto"), `syntax = "proto3";\n\npackage a.v1;\n\nmessage A {\n${fields}}\n`);
    git("add", ".");
    git("commit", "--quiet", "--message", "A change");
  }

  function compared(): { readonly status: number | null; readonly said: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { cwd: folder, encoding: "utf8" });
    return { status, said: stdout + stderr };
  }

  it("compares with the last release, and with none says so", () => {
    commit("  string b = 1;\n");
    expect(compared()).toEqual({ status: 0, said: expect.stringMatching(/^Skipped: there is no release/) });
    git("tag", "v0.1.0");
    expect(compared(), "a release has none before itself").toMatchObject({
      status: 0,
      said: expect.stringMatching(/^Skipped/),
    });
    git("tag", "worker-v9");
    commit("  string b = 1;\n  string c = 2;\n");
    expect(compared()).toEqual({ status: 0, said: expect.stringMatching(/of v0\.1\.0\.\nNothing is broken/) });
    commit("  string c = 2;\n");
    const { status, said } = compared();
    expect(status).toBe(100);
    expect(said).toMatch(/field "1".*"b".*deleted/);
  });

  it("takes a clone without the history for a fault, and not for one without a release", () => {
    commit("  string b = 1;\n");
    git("tag", "v0.1.0");
    commit("  string c = 2;\n");
    const whole = folder;
    folder = mkdtempSync(join(tmpdir(), "agentspan-shallow-"));
    try {
      git("clone", "--quiet", "--depth=1", `file://${whole}`, ".");
      expect(compared()).toEqual({ status: 1, said: expect.stringContaining("git fetch --unshallow --tags") });
    } finally {
      rmSync(whole, { recursive: true, force: true });
    }
  });
});

describe("a copy of the contract", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "agentspan-breaking-"));
    cpSync(join(ROOT, "proto", "agentspan"), join(folder, "proto", "agentspan"), { recursive: true });
    cpSync(join(ROOT, "buf.yaml"), join(folder, "buf.yaml"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function change(file: string, from: string, to: string): void {
    const path = join(folder, "proto", "agentspan", "v1", file);
    const text = readFileSync(path, "utf8");
    expect(text, `${file} has what is changed`).toContain(from);
    writeFileSync(path, text.replace(from, to));
  }

  it("may grow by fields, values, messages and calls", () => {
    change("run.proto", "bool created = 2;", "bool created = 2;\n  string newly = 3;");
    change("run_state.proto", "RUN_STATE_TIMED_OUT = 7;", "RUN_STATE_TIMED_OUT = 7;\n  RUN_STATE_NEW = 8;");
    change("run.proto", "rpc GetStatus", "rpc Newly(GetStatusRequest) returns (NewlyResponse);\n  rpc GetStatus");
    change("run.proto", "message BlockedTool {", "message NewlyResponse {}\n\nmessage BlockedTool {");
    expect(broken(folder)).toEqual([]);
  });

  it("may not take, rename, renumber or retype what is there", () => {
    change("run.proto", "string parent_call_id = 23;", "string parent_call_id = 30;");
    change("run.proto", "string root_run_id = 24;", "string first_run_id = 24;");
    change("run.proto", "bool paused = 20;", "string paused = 20;");
    change("run.proto", "rpc GetHistory(GetHistoryRequest) returns (GetHistoryResponse);", "");
    change("approval.proto", "string tool_name = 6;", "");
    change("run_state.proto", "RUN_STATE_PAUSED = 3;", "");
    const said = broken(folder).join("\n");
    for (const fault of [
      /field "23".*"parent_call_id".*deleted/,
      /Field "24".*changed name from "root_run_id" to "first_run_id"/,
      /Field "20".*"paused".*changed type from "bool" to "string"/,
      /RPC "GetHistory".*deleted/,
      /field "6".*"tool_name".*deleted/,
      /enum value "3".*deleted/,
    ]) {
      expect(said).toMatch(fault);
    }
  });
});
