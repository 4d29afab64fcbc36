import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OF_THE_GATEWAY, OF_THE_INSTALLATION } from "./checks/scenarios.js";
import { SERVICES } from "./harness/image.js";

const SCENARIOS = [...OF_THE_INSTALLATION, ...OF_THE_GATEWAY];
const asked = new Set(
  SCENARIOS.flatMap(({ checks }) => checks.flatMap((check) => ("call" in check ? [check.call] : []))),
);

describe("the checks", () => {
  it.each(SERVICES.map((service) => [service.typeName, service] as const))("ask every call of %s", (name, service) => {
    const calls = service.methods.map((method) => `${name.replace(/^agentspan\.v1\./, "")}/${method.name}`);
    expect(calls.filter((call) => !asked.has(call))).toEqual([]);
  });

  it("have names of their own in each scenario", () => {
    for (const { name, checks } of SCENARIOS) {
      const names = checks.flatMap((check) => ("call" in check ? [check.name] : []));
      expect(new Set(names).size, name).toBe(names.length);
    }
  });

  it("have the answers of each scenario in testdata, and no others are there", () => {
    const files = readdirSync(new URL("../testdata", import.meta.url));
    expect(files.sort()).toEqual(SCENARIOS.map(({ name }) => `${name}.json`).sort());
  });
});

describe("the probe in Java", () => {
  it("has the versions of the SDK, whose clients it lends its packages to", () => {
    const versions = (pom: string) =>
      Object.fromEntries(
        [...readFileSync(new URL(`../../${pom}`, import.meta.url), "utf8").matchAll(/<(\w+)\.version>(.+?)</g)].map(
          ([, name = "", version = ""]) => [name, version],
        ),
      );
    expect(versions("workers/java/pom.xml")).toMatchObject(versions("contract/probes/java/pom.xml"));
  });
});
