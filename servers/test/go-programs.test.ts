import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { goPrograms } from "@agentspan/servers";
import { describe, expect, it } from "vitest";
import { fakeMachine } from "./fake-programs.js";

/** Of Go; it logs when it begins and ends to build. */
const script = (home: string, build = "exit 0") => `
case "$3" in
  version) echo go version go1.26.0 ;;
  build) echo begins >> ${home}/go.log; sleep 0.1; echo ends >> ${home}/go.log; ${build} ;;
esac`;

describe("goPrograms", () => {
  it("says that there is no Go", async () => {
    const { env } = await fakeMachine();
    await expect(goPrograms({ module: "/m", packages: ["./a"], env })).rejects.toMatchObject({
      reason: "NO_GO",
      message: expect.stringContaining("There is no go on PATH. Install Go"),
    });
  });

  it("says in its words why the Go that is there does not build the module", async () => {
    const { env, add } = await fakeMachine();
    await add("go", "echo 'go: go.mod requires go >= 1.26.0 (running go 1.21.0)'; exit 1");
    await expect(goPrograms({ module: "/m", packages: ["./a"], env })).rejects.toMatchObject({
      reason: "NO_GO",
      message: expect.stringContaining("requires go >= 1.26.0"),
    });
  });

  it("tells what went wrong in a build", async () => {
    const { env, home, add } = await fakeMachine();
    await add("go", script(home, "echo 'main.go:3: undefined: x'; exit 1"));
    await expect(goPrograms({ module: "/m", packages: ["./a"], env })).rejects.toMatchObject({
      reason: "BUILD_FAILED",
      message: expect.stringContaining("undefined: x"),
    });
  });

  it("builds into the user's cache, for each module into a folder of its own, and one after the other", async () => {
    const { env, home, add } = await fakeMachine();
    await add("go", script(home));
    const path = `${env.PATH}:/bin:/usr/bin`;
    const build = (module: string) => goPrograms({ module, packages: ["./a", "./b/c"], env: { ...env, PATH: path } });
    const built = await Promise.all([build("/m"), build("/m"), build("/n")]);
    const [[a = "", c = ""] = [], again, other] = built;
    expect(a).toMatch(new RegExp(`^${join(home, ".cache", "agentspan")}/go-[0-9a-f]{16}/a$`));
    expect(c).toBe(join(a, "..", "c"));
    expect(again).toEqual([a, c]);
    expect(other).not.toContain(a);
    const log = (await readFile(join(home, "go.log"), "utf8")).trim().split("\n");
    expect(log).toEqual(Array.from({ length: 3 }, () => ["begins", "ends"]).flat());
  });
});
