// The workflows as their files say, and what of the repository they name.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT } from "./places.js";

export const WORKFLOWS = join(ROOT, ".github", "workflows");

export interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
}

export interface Job {
  readonly "timeout-minutes"?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, unknown>> };
  readonly steps: readonly Step[];
}

export interface Workflow {
  readonly file: string;
  readonly text: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: unknown;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

export function readWorkflows(): readonly Workflow[] {
  return readdirSync(WORKFLOWS).map((file) => {
    const text = readFileSync(join(WORKFLOWS, file), "utf8");
    return { ...(parse(text) as Workflow), file, text };
  });
}

export const jobsOf = (workflow: Workflow): readonly Job[] => Object.values(workflow.jobs);
export const stepsOf = (workflow: Workflow): readonly Step[] => jobsOf(workflow).flatMap(({ steps }) => steps);

/** What a workflow runs, without the lines of its comments. */
export const commandsOf = (workflow: Workflow): string =>
  stepsOf(workflow)
    .flatMap(({ run }) => run ?? [])
    .join("\n")
    .replaceAll(/^\s*#.*$/gm, "");

/** The scripts of package.json that are run. */
export function scriptsIn(commands: string): readonly string[] {
  return [...commands.matchAll(/\bnpm (?:run (?:--\S+ )*([\w:.-]+)|(test)\b)/g)].map(
    ([, run, test]) => run ?? test ?? "",
  );
}

/** Files of the repository that are named, such as e2e/test/servers/kill.test.ts: words with a slash and an extension. */
export function filesIn(text: string): readonly string[] {
  const words = text.match(/(?<![\w./:$~"'=-])\.?[\w-][\w.-]*(?:\/[\w.*-]+)+/g) ?? [];
  return words.filter((word) => /\.\w+$/.test(word) && !word.includes("*"));
}

/** The variables that are set for what is run: in env of workflow, job and step, and before a command. */
export function variablesIn(workflow: Workflow): readonly string[] {
  const said = [workflow, ...jobsOf(workflow), ...stepsOf(workflow)].flatMap(({ env }) => Object.keys(env ?? {}));
  const before = [...commandsOf(workflow).matchAll(/^\s*(?:export )?([A-Z][A-Z0-9_]*)=/gm)].map(
    ([, name = ""]) => name,
  );
  return [...said, ...before];
}
