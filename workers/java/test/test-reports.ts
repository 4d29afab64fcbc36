// What JUnit's tests came to, as the reports of Maven say it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Told {
  readonly suite: string;
  /** A sentence. */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** Why it failed. */
  readonly text: string;
}

const CASE = /<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;

/** The tests that a folder has reports of. */
export function testReports(folder: string): readonly Told[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".xml"))
    .sort()
    .flatMap((name) => [...readFileSync(join(folder, name), "utf8").matchAll(CASE)].map(told));
}

function told([, attributes = "", body = ""]: RegExpMatchArray): Told {
  const attribute = (name: string) => unescaped(new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
  const failed = /<(?:failure|error)\b[^>]*>([\s\S]*?)<\/(?:failure|error)>/.exec(body);
  return {
    suite: attribute("classname").replace(/^.*\./, "").replace(/Test$/, ""),
    name: sentence(attribute("name")),
    outcome: failed ? "failed" : body.includes("<skipped") ? "skipped" : "passed",
    text: unescaped((failed?.[1] ?? "").replace(/^<!\[CDATA\[([\s\S]*)\]\]>$/, "$1")),
  };
}

/** saysWhy() of a grant: "says why: of a grant"; saysWhy(String)[1] "a": "says why: [1] "a"". */
function sentence(name: string): string {
  const [, method = name, more = ""] = /^(\w+)(?:\([^)]*\))?\s*([\s\S]*)$/.exec(name) ?? [];
  const words = method.replaceAll(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3 $2").toLowerCase();
  return more === "" ? words : `${words}: ${more}`;
}

function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return named[name] ?? whole;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal));
  });
}
