import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "../src/make-folder.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentspan-folder-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("makeFolder", () => {
  it("makes every folder that is missing, with the mode, and is content with those that are there", async () => {
    const deep = join(folder, "a", "b", "c");
    await Promise.all([makeFolder(deep, 0o700), makeFolder(deep, 0o700)]);
    await makeFolder(deep);
    for (const made of [join(folder, "a"), deep]) expect((await stat(made)).mode & 0o777).toBe(0o700);
    await makeFolder("/");
  });

  it("follows a link to a folder", async () => {
    await symlink(folder, join(folder, "link"));
    await makeFolder(join(folder, "link"));
    await makeFolder(join(folder, "link", "below"));
    expect((await stat(join(folder, "below"))).isDirectory()).toBe(true);
  });

  it("throws what the system says where a file is in the way", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(makeFolder(join(folder, "file"))).rejects.toMatchObject({ code: "EEXIST" });
    await expect(makeFolder(join(folder, "file", "below"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it("ends where the parent is there and nothing can be made in it", async () => {
    // On Linux whatever is looked for in /proc is missing, whoever makes it.
    const nowhere = process.platform === "linux" ? "/proc/agentspan" : join(folder, "a".repeat(300));
    for (const path of [nowhere, join(nowhere, "below")]) {
      await expect(makeFolder(path)).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });
    }
  });
});
