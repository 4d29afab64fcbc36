// Shows that each defence is needed: a build without it fails the test that shows it, and the build with it passes.
import { stripVTControlCharacters } from "node:util";
import { CopiedTree, type Ran } from "./copied-tree.js";
import type { Defence, ShownBy } from "./defence.js";
import { DEFENCES } from "./defences.js";

export interface Tried {
  readonly defence: Defence;
  /** How many of the named tests fail without it. */
  readonly failed: number;
  /** What went wrong with trying; empty where nothing did. */
  readonly problem: string;
}

/**
 * All of them, or those whose threat or want has one of the words. Prints a table in Markdown. The exit code: 0 where
 * every named test passes with its defence and fails without it.
 */
export async function tryDefences(words: readonly string[], print: (line: string) => void): Promise<number> {
  const chosen = DEFENCES.filter(
    ({ threat, without }) => words.length === 0 || words.some((word) => `${threat} ${without}`.includes(word)),
  );
  const tree = await CopiedTree.make();
  try {
    print(`${chosen.length} defences`);
    const broken = await failingControls(tree, chosen);
    for (const line of broken) print(`  does not pass with every defence on: ${line}`);
    if (broken.length > 0) return 1;
    const tried: Tried[] = [];
    for (const defence of chosen) {
      const one = await tryDefence(tree, defence);
      print(`  ${one.problem === "" ? "caught" : `NOT CAUGHT (${one.problem})`}: ${defence.without}`);
      tried.push(one);
    }
    print(`\n${tableOf(tried)}`);
    return tried.every(({ problem }) => problem === "") ? 0 : 1;
  } finally {
    await tree.remove();
  }
}

async function failingControls(tree: CopiedTree, defences: readonly Defence[]): Promise<readonly string[]> {
  const built = await tree.build();
  if (!built.ok) return [built.output];
  const tests = new Map(defences.map(({ shownBy }) => [`${shownBy.file} ${shownBy.title}`, shownBy]));
  const failing: string[] = [];
  for (const [name, shownBy] of tests) {
    const ran = await test(tree, shownBy);
    if (!ran.ok || passedIn(ran) === 0) failing.push(`${name}\n${ran.output.slice(-2_000)}`);
  }
  return failing;
}

async function tryDefence(tree: CopiedTree, defence: Defence): Promise<Tried> {
  const putBack = await tree.without(defence);
  try {
    const built = await tree.build();
    if (!built.ok) return { defence, failed: 0, problem: `it does not build: ${built.output.slice(0, 500)}` };
    const ran = await test(tree, defence.shownBy);
    const failed = failedIn(ran);
    return { defence, failed, problem: ran.ok ? "the test passes without it" : failed === 0 ? "no test ran" : "" };
  } finally {
    await putBack();
    await tree.build();
  }
}

function test(tree: CopiedTree, { file, title }: ShownBy): Promise<Ran> {
  return tree.test(file, title);
}

function passedIn({ output }: Ran): number {
  return Number(/Tests .*?(\d+) passed/.exec(stripVTControlCharacters(output))?.[1] ?? 0);
}

function failedIn({ output }: Ran): number {
  return Number(/Tests .*?(\d+) failed/.exec(stripVTControlCharacters(output))?.[1] ?? 0);
}

function tableOf(tried: readonly Tried[]): string {
  const rows = tried.map(({ defence: { threat, without, shownBy }, failed, problem }) => {
    const said = problem === "" ? `${failed}` : `none: ${problem}`;
    return `| ${threat} | ${without} | ${shownBy.file} | ${said} |`;
  });
  return ["| threat | a build in which | fails in | tests that fail |", "| --- | --- | --- | ---: |", ...rows].join(
    "\n",
  );
}
