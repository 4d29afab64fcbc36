import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultDataDir, isNewDataDir, prepareDataDir, privacyProblem } from "../src/data-dir.js";

describe("defaultDataDir", () => {
  it("takes what AGENTSPAN_DATA says before anything else", () => {
    expect(defaultDataDir({ AGENTSPAN_DATA: "/srv/runs", XDG_DATA_HOME: "/x", HOME: "/h" }, "linux")).toBe("/srv/runs");
  });

  it("takes XDG_DATA_HOME on any system", () => {
    expect(defaultDataDir({ XDG_DATA_HOME: "/x", HOME: "/h" }, "linux")).toBe("/x/agentspan");
    expect(defaultDataDir({ XDG_DATA_HOME: "/x", HOME: "/h" }, "darwin")).toBe("/x/agentspan");
  });

  it("passes over a relative XDG_DATA_HOME, as its rule says", () => {
    expect(defaultDataDir({ XDG_DATA_HOME: "data", HOME: "/h" }, "linux")).toBe("/h/.local/share/agentspan");
  });

  it("takes the folder for application data in the home folder", () => {
    expect(defaultDataDir({ HOME: "/h" }, "linux")).toBe("/h/.local/share/agentspan");
    expect(defaultDataDir({ HOME: "/h" }, "darwin")).toBe("/h/Library/Application Support/agentspan");
  });
});

describe("prepareDataDir", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "agentspan-data-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("makes the folder for its owner alone and leaves nothing else in it", async () => {
    const dataDir = join(folder, "deep", "data");
    await prepareDataDir(dataDir);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it("closes a folder that was open to others where it is empty or holds our data, and no other", async () => {
    const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
    const dataDir = join(folder, "open");
    await mkdir(dataDir);
    for (const kept of ["logs", "mongod"]) {
      await chmod(dataDir, 0o755);
      // Whoever only looks finds nothing wrong, and changes nothing.
      expect([await privacyProblem(dataDir), await modeOf(dataDir)]).toEqual([undefined, 0o755]);
      await prepareDataDir(dataDir);
      expect(await modeOf(dataDir)).toBe(0o700);
      await mkdir(join(dataDir, kept));
    }
    await writeFile(join(dataDir, "letter"), "");
    await prepareDataDir(dataDir);
    await chmod(dataDir, 0o750);
    await expect(prepareDataDir(dataDir)).rejects.toMatchObject({
      reason: "DATA_NOT_PRIVATE",
      message: expect.stringMatching(
        /holds other things too\. Name another with --data, or close it with: chmod 700 \//,
      ),
    });
    expect(await privacyProblem(dataDir)).toMatchObject({ why: "is open to other users, and holds other things too" });
    expect(await modeOf(dataDir)).toBe(0o750);
  });

  it("takes no link, and no folder of somebody else", async () => {
    const link = join(folder, "link");
    await mkdir(join(folder, "real"), { mode: 0o700 });
    await symlink(join(folder, "real"), link);
    await expect(prepareDataDir(link)).rejects.toMatchObject({
      reason: "DATA_NOT_PRIVATE",
      message: expect.stringMatching(/link is a symbolic link\. Name the folder that it leads to/),
    });
    // Root alone can give a folder away; for everybody else the root of the file system is somebody else's.
    const foreign = process.getuid?.() === 0 ? join(folder, "real") : "/";
    if (foreign !== "/") await chown(foreign, 12_345, 12_345);
    await expect(prepareDataDir(foreign)).rejects.toMatchObject({
      reason: "DATA_NOT_PRIVATE",
      message: expect.stringMatching(
        /belongs to another user .* Name another with --data, run as that user .* or make it yours with: chown/,
      ),
    });
  });

  it("is about a new folder where that is missing or empty", async () => {
    expect(await isNewDataDir(join(folder, "missing", "data"))).toBe(true);
    expect(await isNewDataDir(folder)).toBe(true);
    await writeFile(join(folder, "file"), "");
    expect(await isNewDataDir(folder)).toBe(false);
    expect(await isNewDataDir(join(folder, "file"))).toBe(false);
  });

  it("says that a file is no folder, and how to name another", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(prepareDataDir(file)).rejects.toMatchObject({
      reason: "DATA_NOT_WRITABLE",
      message: expect.stringMatching(/file is not a folder\. Name another with --data/),
    });
  });

  it("says that a folder cannot be made where none can, and does not try for ever", async () => {
    // Missing, and refused as missing: on Linux whatever is looked for in /proc is answered so.
    const dataDir = process.platform === "linux" ? "/proc/agentspan" : join(folder, "a".repeat(300));
    await expect(prepareDataDir(dataDir)).rejects.toMatchObject({
      reason: "DATA_NOT_WRITABLE",
      message: expect.stringMatching(/cannot be written \(E\w+\)\. Name another with --data/),
    });
  });

  it("says so when the disk has no room left, before anything is started", async () => {
    await expect(prepareDataDir(folder, async () => 1_000_000)).rejects.toMatchObject({
      reason: "DISK_FULL",
      message: expect.stringMatching(/is full\. Free some space, or name a folder on another disk with --data\./),
    });
  });
});
