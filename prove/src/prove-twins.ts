// Shows that the checks can fail: every twin is proved, and every proof must find something. npm run prove:twins

import { buildTwin } from "./build-twin.js";
import { DEFAULTS } from "./defaults.js";
import { prove } from "./prove.js";
import type { Report } from "./report.js";
import { TWINS, type Twin } from "./twins.js";

export interface Caught {
  readonly twin: Twin;
  readonly tookMs: number;
  /** What broke, and how often; empty where the twin got away. */
  readonly broken: readonly { readonly invariant: string; readonly count: number; readonly example: string }[];
}

export interface TwinOptions {
  readonly seed: number;
  /** The same circumstances with nothing switched off: then nothing may be found. */
  readonly control: boolean;
  readonly onProgress: (line: string) => void;
}

export async function proveTwin(twin: Twin, { seed, control, onProgress }: TwinOptions): Promise<Caught> {
  const begun = performance.now();
  const built = await buildTwin(control ? [] : twin.replacements);
  try {
    const { stories, faults, arms, env, runs = 24, forMs = 8_000 } = twin;
    const report = await prove({
      ...DEFAULTS,
      everyPoint: false,
      runs,
      atOnce: 12,
      forMs,
      boundMs: 20_000,
      pointEveryMs: 300,
      otherEveryMs: 1_000,
      leaseMs: 2_000,
      orchestrators: 2,
      workers: 2,
      seed,
      stories,
      trust: false,
      faults,
      orchestratorEntry: built.entry,
      onProgress,
      ...(arms === undefined ? {} : { arms }),
      ...(env === undefined ? {} : { env }),
    });
    return { twin, tookMs: performance.now() - begun, broken: brokenIn(report) };
  } finally {
    await built.remove();
  }
}

function brokenIn({ checks }: Report): Caught["broken"] {
  return checks.flatMap(({ invariant, broken }) =>
    broken[0] === undefined ? [] : [{ invariant, count: broken.length, example: broken[0].what }],
  );
}

/** Markdown, one row for each twin. */
export function tableOfTwins(caught: readonly Caught[]): string {
  const rows = caught.map(({ twin, tookMs, broken }) => {
    const what = broken.map(({ invariant, count }) => `${invariant} (${count})`).join("; ") || "nothing";
    return `| ${twin.invariant} | ${twin.what} | ${what} | ${(tookMs / 1_000).toFixed(0)} s |`;
  });
  return [
    "| switched off | the twin | what the proof found broken, and how often | took |",
    "| --- | --- | --- | ---: |",
    ...rows,
  ].join("\n");
}

/**
 * All of them, or those whose invariant is named; "--control" takes the unbroken orchestrator instead. The exit code: 0
 * where every twin was caught, and the unbroken one never.
 */
export async function proveTwins(args: readonly string[], print: (line: string) => void): Promise<number> {
  const seed = 1;
  const control = args.includes("--control");
  const names = args.filter((arg) => arg !== "--control");
  const chosen = TWINS.filter(({ invariant }) => names.length === 0 || names.includes(invariant));
  const caught: Caught[] = [];
  for (const twin of chosen) {
    print(`${twin.invariant}: ${twin.what}`);
    const one = await proveTwin(twin, { seed, control, onProgress: (line) => print(`  ${line}`) });
    for (const { invariant, count, example } of one.broken)
      print(`  broken ${count} times: ${invariant} (${example.slice(0, 200)})`);
    if (one.broken.length === 0) print(control ? "  held, as it must" : "  NOT CAUGHT");
    caught.push(one);
  }
  print(`\n${tableOfTwins(caught)}`);
  return caught.every(({ broken }) => broken.length > 0 !== control) ? 0 : 1;
}
