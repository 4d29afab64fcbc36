// What Dockerfiles and compose.yaml name is there, and is what the code has. Whether the files of an image are enough to
// run it is for servers/compose.test.ts.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GATEWAY_VARIABLES } from "@agentspan/gateway";
import { PRODUCT_VARIABLES } from "@agentspan/internal";
import { ORCHESTRATOR_VARIABLES } from "@agentspan/orchestrator";
import { describe, expect, it } from "vitest";
import { lineageOf, readDockerfile } from "./dockerfile.js";
import { sourceIn } from "./image-files.js";
import { composeEnvironment, ROOT, readCompose } from "./places.js";

const FOLDER = join(ROOT, "deploy/docker");
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith("Dockerfile"));
const SERVICES = readDockerfile(join(FOLDER, "Dockerfile"));
const ALL = FILES.map((name) => ({ name, stages: readDockerfile(join(FOLDER, name)) }));

/** Those that are run: whatever is no stage that others are made from or copy from. */
const IMAGES = ALL.flatMap(({ name, stages }) =>
  stages
    .filter(
      (one) =>
        !stages.some(
          (other) =>
            other.base === one.name || other.copies.some(({ from }) => from !== undefined && from === one.name),
        ),
    )
    .map((stage) => ({
      title: `${name} ${stage.name ?? ""}`.trim(),
      lineage: stage.name === undefined ? [stage] : lineageOf(stages, stage.name),
    })),
);

const packageJson = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly version: string;
  readonly workspaces: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
};

describe.each(ALL)("$name", ({ stages }) => {
  it("copies only what is there and is not kept out of the build", () => {
    const ignored = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
    for (const step of stages.flatMap((stage) => stage.copies)) {
      for (const source of step.sources) {
        const path = sourceIn(ROOT, step, source);
        // What Maven makes is there after its own tests only.
        if (path !== undefined && !source.includes("/target/")) expect(existsSync(path), source).toBe(true);
        if (step.from === undefined) expect(ignored).not.toContain(source.split("/")[0]);
      }
    }
  });
});

describe.each(IMAGES)("the image of $title", ({ lineage }) => {
  it("runs as a number without rights, hears signals itself, and says what it is", () => {
    const last = lineage.at(-1);
    expect(lineage.map(({ user }) => user).findLast((user) => user !== undefined)).toBe("65532:65532");
    // In JSON: a shell in between would be process 1, and would pass no signal on.
    expect(lineage.some(({ entrypoint }) => entrypoint !== undefined)).toBe(true);
    expect(last?.labels).toContain("org.opencontainers.image.title");
    expect(
      lineage.map(({ base }) => base).filter((base) => base.endsWith(":latest") || !/[:]|^\w+$/.test(base)),
    ).toEqual([]);
  });
});

describe("the services' Dockerfile", () => {
  it("installs of every package of the repository what it needs", () => {
    const build = lineageOf(SERVICES, "build")[0];
    const named = build?.copies.flatMap(({ sources, target }) =>
      sources.filter((one) => one.endsWith("/package.json")).map((one) => [one, target]),
    );
    expect(named).toEqual(packageJson.workspaces.map((folder) => [`${folder}/package.json`, `${folder}/`]).toSorted());
    for (const script of build?.runs.join("\n").matchAll(/npm run (\S+)/g) ?? []) {
      expect(packageJson.scripts).toHaveProperty(script[1] ?? "");
    }
  });

  it("has no node_modules and no npm in what runs", () => {
    for (const name of ["orchestrator", "gateway", "worker-typescript"]) {
      const stages = lineageOf(SERVICES, name);
      expect(stages[0]?.base).toMatch(/^gcr\.io\/distroless\/nodejs24-debian13:nonroot$/);
      expect(stages.flatMap(({ runs }) => runs)).toEqual([]);
      expect(stages.flatMap(({ copies }) => copies.flatMap(({ sources }) => sources)).join()).not.toContain(
        "node_modules",
      );
    }
    expect(lineageOf(SERVICES, "command").flatMap(({ runs }) => runs)[0]).toMatch(
      /^rm -rf \/usr\/local\/lib\/node_modules /,
    );
  });

  it.each([
    ["orchestrator", ORCHESTRATOR_VARIABLES],
    ["gateway", GATEWAY_VARIABLES],
  ])("sets of the %s what it reads, and exposes and asks the ports that it then has", (name, variables) => {
    const stage = lineageOf(SERVICES, name).at(-1);
    expect(Object.keys(stage?.env ?? {}).filter((one) => !variables.includes(one))).toEqual([]);
    const port = Number(stage?.env.AGENTSPAN_MANAGEMENT_PORT);
    expect(stage?.exposed).toEqual(name === "gateway" ? [6767, 6768, port] : [port]);
    expect(stage?.healthcheck?.join(" ")).toContain(`http://127.0.0.1:${port}/readyz`);
  });
});

describe("compose.yaml", () => {
  const { services } = readCompose();

  it("sets only variables that are read", () => {
    expect(
      Object.keys(composeEnvironment("orchestrator")).filter((one) => !ORCHESTRATOR_VARIABLES.includes(one)),
    ).toEqual([]);
    expect(Object.keys(composeEnvironment("gateway")).filter((one) => !GATEWAY_VARIABLES.includes(one))).toEqual([]);
    const known: readonly string[] = [...PRODUCT_VARIABLES, "REFUND_LEDGER"];
    expect(Object.keys(composeEnvironment("worker-python")).filter((one) => !known.includes(one))).toEqual([]);
  });

  it("builds images that Dockerfiles have, under the version of the product", () => {
    for (const [name, { image, build }] of Object.entries(services)) {
      if (build === undefined) continue;
      const stages = readDockerfile(join(ROOT, build.dockerfile));
      expect(stages.map((stage) => stage.name).includes(build.target), name).toBe(true);
      expect(image.endsWith(`:${packageJson.version}`), image).toBe(true);
    }
  });
});
