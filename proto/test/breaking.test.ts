// What old clients and workers rely on stays: the protos are compared with those of the last release.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
