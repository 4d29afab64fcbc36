// The form of the Java sources, as far as the compiler does not ask for it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const HOME = fileURLToPath(new URL("../", import.meta.url));
const WIDTH = 120;
const LENGTH = 300;

const files = ["worker", "conformance", "examples"].flatMap((module) =>
  readdirSync(join(HOME, module, "src"), { recursive: true })
    .map((name) => join(module, "src", String(name)))
    .filter((name) => name.endsWith(".java")),
);

function faults(name: string): readonly string[] {
  const text = readFileSync(join(HOME, name), "utf8");
  const lines = text.split("\n");
  const found = lines.flatMap((line, i) => {
    const wide = [...line].length > WIDTH ? [`line ${i + 1} is wider than ${WIDTH}`] : [];
    return /\s$|\t/.test(line) ? [...wide, `line ${i + 1} has a tab, or ends with a blank`] : wide;
  });
  if (lines.length > LENGTH) found.push(`it has more than ${LENGTH} lines`);
  if (!text.endsWith("}\n") && !name.endsWith("package-info.java")) found.push("it does not end with its last brace");
  for (const [, whole = ""] of text.matchAll(/^import (?:static )?([\w.]+);$/gm)) {
    const simple = whole.slice(whole.lastIndexOf(".") + 1);
    const used = text.replaceAll(/^import .*$/gm, "").match(new RegExp(`\\b${simple}\\b`));
    if (used === null) found.push(`it does not use ${whole}`);
  }
  return found;
}

describe("the sources of the Java SDK", () => {
  it("are there", () => {
    expect(files.length).toBeGreaterThan(50);
  });

  it("have one form", () => {
    expect(files.flatMap((name) => faults(name).map((fault) => `${name}: ${fault}`))).toEqual([]);
  });
});

describe.each(["README.md", "../../docs/clients.md"])("%s", (page) => {
  it("names the versions that are built with", () => {
    const text = ["pom.xml", "examples/pom.xml"].map((name) => readFileSync(join(HOME, name), "utf8")).join("\n");
    const [, own = ""] = /<artifactId>agentspan-java<\/artifactId>\s*<version>([\d.]+)</.exec(text) ?? [];
    const said = new Map([["project.version", own]]);
    for (const [, name = "", value = ""] of text.matchAll(/<([\w.-]+\.version)>([\d.]+)</g)) said.set(name, value);
    const pinned = versions(text.replaceAll(/\$\{([\w.-]+)\}/g, (whole, name: string) => said.get(name) ?? whole));
    const named = versions(readFileSync(join(HOME, page), "utf8")).filter((one) => !one.startsWith("refunds "));
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((one) => !pinned.includes(one))).toEqual([]);
  });
});

function versions(text: string): readonly string[] {
  const pairs = text.matchAll(/<artifactId>([\w-]+)<\/artifactId>\s*<version>([^<]+)</g);
  return [...pairs].map(([, artifact, version]) => `${artifact} ${version}`);
}
