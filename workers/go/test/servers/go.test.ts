// The tests of the Go SDK, by go test, each told as one of ours; and gofmt and go vet. Where there is no Go that builds the
// module they are skipped, and say so.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { GO_COMPILES, GO_FLAGS, goPrograms } from "@agentspan/servers";
import { describe, it } from "vitest";
import { MODULE, testGo } from "../environment.js";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
}

/** A line of `go test -json`. */
interface Line {
  readonly Action: string;
  readonly Package?: string;
  readonly Test?: string;
  readonly Output?: string;
}

interface Told {
  readonly name: string;
  outcome: "passed" | "failed" | "skipped" | undefined;
  text: string;
}

async function run(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: MODULE,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const end = () => child.kill();
  process.once("exit", end);
  const [code] = (await once(child, "close")) as [number | null];
  process.off("exit", end);
  return { code, out, said };
}

/** "signing: believes what each vector says was signed, of a plain call". */
function nameOf(packageName: string, test: string): string {
  const [whole = "", ...parts] = test.split("/");
  const words = whole
    .replace(/^Test/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(" ")
    .map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase()));
  const of = parts.map((part) => part.replaceAll("_", " ")).join(", ");
  return `${packageName}: ${words.join(" ")}${of === "" ? "" : `, of ${of}`}`;
}

const OUTCOMES = { pass: "passed", fail: "failed", skip: "skipped" } as const;

/** The tests, in their order. */
function testsOf(out: string): readonly Told[] {
  const tests = new Map<string, Told>();
  for (const text of out.trim().split("\n")) {
    const { Action, Package = "", Test, Output = "" } = JSON.parse(text) as Line;
    if (Test === undefined) continue;
    const name = nameOf(Package.split("/").at(-1) ?? "", Test);
    const told = tests.get(name) ?? { name, outcome: undefined, text: "" };
    tests.set(name, told);
    told.text += Output;
    told.outcome = OUTCOMES[Action as keyof typeof OUTCOMES] ?? told.outcome;
  }
  return [...tests.values()];
}

const found = await testGo();
if ("missing" in found) {
  describe("the Go SDK", () => {
    it.skip(`is tested where there is Go: ${found.missing}`, () => undefined);
  });
} else {
  const { go } = found;
  // What others build too is built once.
  await goPrograms({ module: MODULE, packages: ["./..."] });
  const formatted = await run(["gofmt", "-l", "."]);
  const vetted = await run([go, "vet", ...GO_FLAGS, "./..."], GO_COMPILES);
  // It would vet once more, and less. The vectors lie outside of the module, where go does not look whether they have
  // changed since.
  const tested = await run([go, "test", ...GO_FLAGS, "-vet=off", "-json", "-count=1", "./..."]);
  const tests = testsOf(tested.out);
  describe("the Go SDK", () => {
    it("is formatted by gofmt", () => {
      if (formatted.out !== "" || formatted.code !== 0) throw new Error(`gofmt -w ${formatted.out}${formatted.said}`);
    });
    it("has nothing that go vet objects to", () => {
      if (vetted.code !== 0) throw new Error(vetted.said);
    });
    it("is tested to its end", () => {
      // What went wrong outside of any test, such as a file that cannot be compiled.
      const told = tests.some(({ outcome }) => outcome === "failed");
      const cut = tests.find(({ outcome }) => outcome === undefined);
      if (cut !== undefined) throw new Error(`${cut.name} did not end:\n${cut.text}`);
      if (tested.code !== 0 && !told)
        throw new Error(`go test ended with ${tested.code}:\n${tested.out}${tested.said}`);
    });
    for (const { name, outcome, text } of tests) {
      it.skipIf(outcome === "skipped")(name, () => {
        if (outcome !== "passed") throw new Error(text);
      });
    }
  });
}
