// What the workflows name is there: they run elsewhere, where a name that has moved would be noticed by nobody until then.
// Whether they are workflows at all is for servers/actionlint.test.ts.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDockerfile } from "./dockerfile.js";
import { ROOT } from "./places.js";
import { commandsOf, filesIn, jobsOf, readWorkflows, scriptsIn, stepsOf, variablesIn } from "./workflow-files.js";

const WORKFLOWS = readWorkflows();
const packageJson = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
};
const workflow = (file: string) => {
  const found = WORKFLOWS.find((one) => one.file === file);
  if (found === undefined) throw new Error(`There is no workflow ${file}`);
  return found;
};

/** Whether some code or test of the repository reads a variable of that name. */
function isRead(variable: string): boolean {
  const places = ["servers/src", "e2e/src", "e2e/test", "prove/src", "internal/src"];
  return places.some((place) =>
    readdirSync(join(ROOT, place), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.ts$/.test(name))
      .some((name) =>
        new RegExp(`\\b(?:env|environment)\\.${variable}\\b|"${variable}"`).test(text(join(place, name))),
      ),
  );
}
const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");

describe.each(WORKFLOWS)("$file", (one) => {
  it("runs scripts and names files that are there", () => {
    for (const script of scriptsIn(commandsOf(one))) expect(Object.keys(packageJson.scripts)).toContain(script);
    for (const file of filesIn(commandsOf(one))) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });

  it("gives actions files that are there", () => {
    const named = stepsOf(one).flatMap(({ with: inputs = {} }) =>
      ["go-version-file", "cache-dependency-path", "file"].flatMap((input) =>
        String(inputs[input] ?? "")
          .split("\n")
          .filter((path) => path !== "" && !path.includes("${{")),
      ),
    );
    for (const path of named) expect(existsSync(join(ROOT, path)), path).toBe(true);
    // Of one that is not there hashFiles makes nothing, and says nothing.
    for (const [, paths = ""] of one.text.matchAll(/hashFiles\(([^)]*)\)/g)) {
      for (const [, path = ""] of paths.matchAll(/'([^']*)'/g)) {
        expect(existsSync(join(ROOT, path.replace(/\/\*[^/]*$/, ""))), path).toBe(true);
      }
    }
    const triggers = [...one.text.matchAll(/^ {6}- "([^"*]+?)(?:\/\*\*)?"$/gm)].map(([, path = ""]) => path);
    for (const path of triggers) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it("sets only variables that something reads", () => {
    // These are read by the step's own script.
    const own = (variable: string): boolean => commandsOf(one).includes(`$${variable}`);
    for (const variable of variablesIn(one)) expect(own(variable) || isRead(variable), variable).toBe(true);
  });

  it("takes each action by the commit of a release, which nobody can move", () => {
    for (const { uses } of stepsOf(one)) {
      if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    }
    for (const line of one.text.match(/^.*\buses: .*$/gm) ?? []) expect(line).toMatch(/ # v\d+\.\d+\.\d+$/);
  });

  it("may only read, ends by itself, and does not run twice at once for the same thing", () => {
    expect(one.permissions).toEqual({ contents: "read" });
    expect(one.concurrency).toBeDefined();
    for (const job of jobsOf(one)) {
      expect(job["timeout-minutes"]).toBeGreaterThan(0);
      const writes = Object.values(job.permissions ?? {}).includes("write");
      expect(writes, "only what publishes images may write").toBe(job === workflow("images.yml").jobs.publish);
    }
    for (const { uses, with: inputs } of stepsOf(one)) {
      if (uses?.startsWith("actions/checkout@")) expect(inputs?.["persist-credentials"]).toBe(false);
    }
  });
});

describe("verify.yml", () => {
  it("runs the oldest Node that is promised", () => {
    const [, oldest = ""] = /^>=(\d+)/.exec(packageJson.engines.node) ?? [];
    for (const job of ["check", "verify"]) {
      expect(workflow("verify.yml").jobs[job]?.strategy?.matrix.node).toEqual([oldest, "22", "24"]);
    }
  });
});

describe("mongodb.yml", () => {
  it("runs every test that kills", () => {
    const named = filesIn(commandsOf(workflow("mongodb.yml")));
    const there = readdirSync(join(ROOT, "e2e/test/servers")).filter((name) => name.startsWith("kill"));
    for (const name of there) expect(named).toContain(`e2e/test/servers/${name}`);
  });

  it("gives MONGODB_URI to the tests that take it, and to no others", () => {
    const takes = (file: string): boolean => /startTestServers\(\)|natsNodes:/.test(text(file));
    const { "replica-set": given, "own-server": own } = workflow("mongodb.yml").jobs;
    const filesOf = (job = given) => filesIn((job?.steps ?? []).flatMap(({ run }) => run ?? []).join("\n"));
    expect(given?.env).toHaveProperty("MONGODB_URI");
    expect(filesOf(given).filter((file) => !takes(file))).toEqual([]);
    expect(filesOf(own).filter(takes)).toEqual([]);
    // Whichever else takes it by now should be run with it too.
    const folders = [
      "e2e/test/servers",
      "deploy/test/servers",
      "contract/test/servers",
      "services/gateway/test/servers",
    ];
    const all = folders.flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`));
    expect(all.filter((file) => file.endsWith(".test.ts") && takes(file)).toSorted()).toEqual(
      filesOf(given).toSorted(),
    );
  });
});

describe("images.yml", () => {
  const { build, publish } = workflow("images.yml").jobs;
  const included = build?.strategy?.matrix.include as readonly { readonly name: string; readonly dockerfile: string }[];

  it("builds, scans and publishes every image that there is a Dockerfile for", () => {
    const folder = join(ROOT, "deploy/docker");
    const named = readDockerfile(join(folder, "Dockerfile")).flatMap(({ name }) => name ?? []);
    const services = named.filter((name) => !["build", "runtime"].includes(name));
    const others = readdirSync(folder).flatMap((name) => /^(.*)\.Dockerfile$/.exec(name)?.[1] ?? []);
    expect(included.map(({ name }) => name).toSorted()).toEqual([...services, ...others].toSorted());
    expect(build?.strategy?.matrix.name).toEqual(included.map(({ name }) => name));
    expect(publish?.strategy?.matrix.include).toEqual(included);
  });

  it("makes each of its own Dockerfile", () => {
    for (const { name, dockerfile } of included) {
      const stages = readDockerfile(join(ROOT, dockerfile)).map((stage) => stage.name);
      if (dockerfile === "deploy/docker/Dockerfile") expect(stages).toContain(name);
      else expect(dockerfile).toBe(`deploy/docker/${name}.Dockerfile`);
    }
  });
});

describe("what reads workflows here", () => {
  it("finds scripts, files and nothing else in commands", () => {
    expect(scriptsIn("npm run --silent build && npm test\nnpm ci\nnpm run prove:defences -- x")).toEqual([
      ...["build", "test", "prove:defences"],
    ]);
    expect(
      filesIn("node scripts/a.mjs --data $X/b.json ~/c/d.json e2e/test/e.test.ts https://x/y.z /usr/f.g .ci/h.sh"),
    ).toEqual([...["scripts/a.mjs", "e2e/test/e.test.ts", ".ci/h.sh"]]);
  });
});
