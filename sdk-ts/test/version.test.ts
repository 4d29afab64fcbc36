import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { SDK_VERSION } from "../src/version.js";

it("the SDK tells the version of its package", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  expect((JSON.parse(text) as { version: string }).version).toBe(SDK_VERSION);
});
