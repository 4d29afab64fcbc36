// Histories that a server recorded, by scenarios of kit-scenarios.ts, and that whoever keeps such files has: they are read
// and replayed for ever, and are never written anew. Signatures are left out.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readHistories } from "@agentspan/sdk/testing/history";
import { replayFile } from "@agentspan/sdk/testing/replay";
import { describe, expect, it } from "vitest";

const FOLDER = new URL("../../testdata/histories/", import.meta.url);

describe("a history of version 1", () => {
  it.each(readdirSync(FOLDER))("%s is replayed as it was recorded", async (name) => {
    const file = fileURLToPath(new URL(name, FOLDER));
    const histories = await readHistories(file);
    const report = await replayFile(
      file,
      histories.map(({ head }) => head.definition),
    );
    expect(report).toMatchObject({ same: true, notes: [] });
    expect(report.runs.map(({ recorded }) => recorded)).toEqual(histories.map(({ head }) => head.events));
  });
});
