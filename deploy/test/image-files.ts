// The files of an image as its Dockerfile copies them, laid out in a folder without Docker, and its program started from
// these files alone.
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { type CopyStep, lineageOf, readDockerfile } from "./dockerfile.js";
import { ROOT } from "./places.js";

/** Whom distroless images run as. Only root can start a process as somebody else. */
const NOBODY = 65_532;
export const SOMEBODY_ELSE = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

export interface Image {
  /** Where its program is started. */
  readonly workdir: string;
  /** Of the image alone. */
  readonly env: Readonly<Record<string, string>>;
  /** Entry point and command, with this machine's Node in place of the image's. */
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

/**
 * Lays out a stage of deploy/docker/Dockerfile under a folder. What its build stage makes is taken from the build of this
 * clone; SBOMs are left out, since nothing that runs reads them.
 */
export function layOut(stage: string, folder: string): Image {
  const lineage = lineageOf(readDockerfile(join(ROOT, "deploy/docker/Dockerfile")), stage);
  const last = <T>(of: (one: (typeof lineage)[number]) => T | undefined): T | undefined =>
    lineage.map(of).findLast((value) => value !== undefined);
  const workdir = join(folder, last((one) => one.workdir) ?? "/");
  mkdirSync(workdir, { recursive: true });
  for (const step of lineage.flatMap((one) => one.copies)) copy(step, workdir);
  const node = (words: readonly string[] = []): readonly string[] =>
    words.map((word) => (word === "/nodejs/bin/node" ? process.execPath : word));
  return {
    workdir,
    env: Object.assign({}, ...lineage.map((one) => one.env)),
    command: node([...(last((one) => one.entrypoint) ?? []), ...(last((one) => one.command) ?? [])]),
    healthcheck: node(last((one) => one.healthcheck)),
  };
}

/** Where a source of a COPY is in this clone; undefined for what only a build makes. */
export function sourceIn(clone: string, { from }: Pick<CopyStep, "from">, source: string): string | undefined {
  if (from === undefined) return join(clone, source);
  return source.startsWith("/src/sbom/") || !source.startsWith("/src/")
    ? undefined
    : join(clone, relative("/src", source));
}

function copy(step: CopyStep, workdir: string): void {
  for (const source of step.sources) {
    const path = sourceIn(ROOT, step, source);
    if (path === undefined) continue;
    const intoFolder = step.target.endsWith("/") && !statSync(path).isDirectory();
    const name = intoFolder ? join(step.target, path.slice(path.lastIndexOf("/") + 1)) : step.target;
    cpSync(path, join(workdir, name), { recursive: true });
  }
}

/** Starts a program with this environment and nothing else of ours, as somebody without rights where that can be. */
export function startAlone(
  command: readonly string[],
  { workdir, env }: { readonly workdir: string; readonly env: Readonly<Record<string, string>> },
): ChildProcess {
  const [program = "", ...words] = command;
  return spawn(program, words, { cwd: workdir, env, stdio: ["ignore", "pipe", "pipe", "ipc"], ...SOMEBODY_ELSE });
}
