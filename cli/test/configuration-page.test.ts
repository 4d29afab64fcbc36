// docs/configuration.md has every environment variable. The tables of what is read as settings are made of the code; those
// of programs and the command are written by hand and held to it. UPDATE_DOCS=1 makes the former anew.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GATEWAY_SETTINGS } from "@agentspan/gateway";
import { PRODUCT_VARIABLES, REASONS, type SettingText } from "@agentspan/internal";
import { modelSettings, modelVariables, ORCHESTRATOR_SETTINGS } from "@agentspan/orchestrator";
import { describe, expect, it } from "vitest";
import { tableRows } from "./table-rows.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAGE = join(ROOT, "docs", "configuration.md");
const UPDATE = "UPDATE_DOCS=1 npx vitest run cli/test/configuration-page.test.ts";

const MADE: Readonly<Record<string, readonly SettingText[]>> = {
  orchestrator: ORCHESTRATOR_SETTINGS,
  models: modelSettings(),
  gateway: GATEWAY_SETTINGS,
};
const SECRETS = { value: "yes", password: "its password", file: "the file" };

function tableOf(settings: readonly SettingText[]): string {
  const rows = settings.map((one) => [
    `\`${one.variable}\``,
    one.about,
    one.form,
    one.unset === undefined ? "it must be set" : one.defaultText === undefined ? "" : `\`${one.defaultText}\``,
    one.secret === undefined ? "" : SECRETS[one.secret],
  ]);
  const all = [["variable", "meaning", "must be", "unless set", "secret"], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = all;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

/** The page with its tables made anew. */
function madeAnew(text: string): string {
  return Object.entries(MADE).reduce((page, [name, settings]) => {
    const place = new RegExp(`(<!-- ${name}: made of the code -->\n)[^<]*(<!-- /${name} -->)`);
    expect(page, `docs/configuration.md has a place for the table of ${name}`).toMatch(place);
    return page.replace(place, (_, begin, end) => `${begin}\n${tableOf(settings)}\n\n${end}`);
  }, text);
}

if (process.env.UPDATE_DOCS === "1") writeFileSync(PAGE, madeAnew(readFileSync(PAGE, "utf8")));
const page = readFileSync(PAGE, "utf8");
const section = (title: string): readonly (readonly string[])[] =>
  tableRows(page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "").slice(2);

/** The code in a folder, without what is for tests alone and what is said in lines of comment. */
function codeIn(folder: string, pattern: RegExp): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter(
      (name) => pattern.test(name) && !/_test\.go$|(^|\/)(dist|testdata|testing|conformance|examples)\//.test(name),
    )
    .map((name) => readFileSync(join(ROOT, folder, name), "utf8").replaceAll(/^\s*(\/\/|\*|\/\*|#).*$/gm, ""))
    .join("\n");
}
const reads = (code: string, variable: string): boolean => new RegExp(`\\b${variable}\\b`).test(code);

describe("docs/configuration.md", () => {
  it("has the settings of each process as the code has them", () => {
    expect(page, `docs/configuration.md is not as the code is. Bring it up to date: ${UPDATE}`).toBe(madeAnew(page));
  });

  it("has every variable of the product", () => {
    const missing = [...PRODUCT_VARIABLES, ...modelVariables({})].filter((name) => !page.includes(`\`${name}\``));
    expect(
      missing,
      `Bring the page up to date: ${UPDATE}. What is missing then is no setting of orchestrator or gateway: add it by hand to another table.`,
    ).toEqual([]);
  });

  it("names no variable that nothing reads", () => {
    // The reasons of refusals are written as variables are.
    const read = new Set<string>([...PRODUCT_VARIABLES, ...modelVariables({}), ...OTHERS, ...REASONS]);
    const named = new Set(page.match(/\b(?!OTEL_)[A-Z]+(?:_[A-Z]+)+\b/g));
    expect([...named].filter((name) => !read.has(name)).toSorted()).toEqual([]);
  });

  it("tells what the models read, and nothing else", () => {
    expect(
      modelSettings()
        .map(({ variable }) => variable)
        .toSorted(),
    ).toEqual([...new Set(modelVariables({}))].toSorted());
  });

  it("has of OpenTelemetry's variables those that are looked at", () => {
    const looked =
      readFileSync(join(ROOT, "internal", "src", "tracing-start.ts"), "utf8").match(/"OTEL_[A-Z_]+"/g) ?? [];
    const listed = section("Traces").map(([variable = ""]) => variable.replaceAll("`", ""));
    expect(looked.length).toBeGreaterThan(0);
    expect(looked.filter((name) => !listed.includes(name.replaceAll('"', "")))).toEqual([]);
  });

  it("says which SDKs read what", () => {
    const code = [
      codeIn("sdk-ts/src", /\.ts$/),
      codeIn("workers/python/src", /\.py$/),
      codeIn("workers/go", /\.go$/),
      codeIn("workers/java", /src\/main\/.*\.java$/),
    ];
    const listed = section("Workers and clients").map(([variable = "", , , , , ...marks]) => [variable, ...marks]);
    expect(listed.length).toBeGreaterThan(0);
    const there = listed.map(([variable = ""]) => {
      const name = variable.replaceAll("`", "");
      return [variable, ...code.map((each) => (reads(each, name) ? "yes" : ""))];
    });
    expect(listed).toEqual(there);
    const asked = PRODUCT_VARIABLES.filter((name) => code.some((each) => reads(each, name)));
    const told = listed.map(([variable = ""]) => variable.replaceAll("`", ""));
    expect(
      asked.filter((name) => !told.includes(name)),
      "An SDK reads them: add each by hand to the table of workers and clients in docs/configuration.md.",
    ).toEqual([]);
  });

  it("has of the command what it reads", () => {
    const code = ["cli/src", "local/src", "servers/src"].map((folder) => codeIn(folder, /\.ts$/)).join("\n");
    const listed = section("The command").map(([variable = ""]) => variable.replaceAll("`", ""));
    expect(listed.length).toBeGreaterThan(0);
    expect(listed.filter((name) => !reads(code, name))).toEqual([]);
    const read = [
      ...code.matchAll(/\b(?:env\.|setting\("|Setting\("|env\[")((?:AGENTSPAN|XDG|NATS|MONGODB)_[A-Z_]+)/g),
    ];
    // What it only hands on, or looks at for a sentence.
    const handedOn = [...ORCHESTRATOR_SETTINGS, ...GATEWAY_SETTINGS].map(({ variable }) => variable);
    expect(
      [...new Set(read.map(([, name = ""]) => name))].filter((name) => ![...listed, ...handedOn].includes(name)),
      "The command reads them: add each by hand to its table in docs/configuration.md.",
    ).toEqual([]);
  });
});

/** Named on the page beside those of the product and OpenTelemetry. */
const OTHERS = ["NATS_URL", "MONGODB_URI", "ACME_API_KEY", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"];
