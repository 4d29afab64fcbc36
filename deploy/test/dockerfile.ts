// What a Dockerfile says, as far as the tests ask: its stages, and of each what it copies and how it is started.
import { readFileSync } from "node:fs";
import { type Copy, DockerfileParser, type From, type Instruction, type JSONInstruction } from "dockerfile-ast";

export interface CopyStep {
  /** The stage that it copies from; undefined for the folder that is built. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export interface Stage {
  readonly name: string | undefined;
  /** An image, or the name of a stage above. */
  readonly base: string;
  readonly copies: readonly CopyStep[];
  readonly runs: readonly string[];
  /** As they are written, without those of the base. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: readonly string[];
  readonly exposed: readonly number[];
  /** The last one of the stage. */
  readonly user: string | undefined;
  readonly workdir: string | undefined;
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly healthcheck: readonly string[] | undefined;
}

export function readDockerfile(path: string): readonly Stage[] {
  const stages: Instruction[][] = [];
  for (const instruction of DockerfileParser.parse(readFileSync(path, "utf8")).getInstructions()) {
    if (instruction.getKeyword() === "FROM") stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages.map(stageOf);
}

/** The stage and those that it is made from, outermost base first. Throws where there is none of the name. */
export function lineageOf(stages: readonly Stage[], name: string): readonly Stage[] {
  const stage = stages.find((one) => one.name === name);
  if (stage === undefined) throw new Error(`The Dockerfile has no stage ${name}`);
  return stages.some((one) => one.name === stage.base) ? [...lineageOf(stages, stage.base), stage] : [stage];
}

function stageOf(instructions: readonly Instruction[]): Stage {
  const of = (keyword: string): readonly Instruction[] =>
    instructions.filter((instruction) => instruction.getKeyword() === keyword);
  const words = (keyword: string): readonly string[] =>
    of(keyword).flatMap((one) => one.getExpandedArguments().map((word) => word.getValue()));
  const from = of("FROM")[0] as From;
  const list = (keyword: string): readonly string[] | undefined => jsonOf(of(keyword).at(-1));
  return {
    name: from.getBuildStage() ?? undefined,
    base: from.getImage() ?? "",
    copies: (of("COPY") as readonly Copy[]).map(copyOf),
    runs: of("RUN").map((run) => run.getArgumentsContent() ?? ""),
    env: pairs(words("ENV")),
    labels: Object.keys(pairs(words("LABEL"))),
    exposed: words("EXPOSE").map(Number),
    user: words("USER").at(-1),
    workdir: words("WORKDIR").at(-1),
    entrypoint: list("ENTRYPOINT"),
    command: list("CMD"),
    healthcheck: healthcheckOf(of("HEALTHCHECK").at(-1)),
  };
}

function copyOf(copy: Copy): CopyStep {
  const words = copy.getArguments().map((word) => word.getValue());
  return {
    from:
      copy
        .getFlags()
        .find((flag) => flag.getName() === "from")
        ?.getValue() ?? undefined,
    sources: words.slice(0, -1),
    target: words.at(-1) ?? "",
  };
}

function pairs(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf("=");
      return [word.slice(0, at), word.slice(at + 1).replace(/^"(.*)"$/, "$1")];
    }),
  );
}

function jsonOf(instruction: Instruction | undefined): readonly string[] | undefined {
  return (instruction as JSONInstruction | undefined)?.getJSONStrings().map((word) => word.getJSONValue());
}

/** Its command alone, without how often it is asked. */
function healthcheckOf(instruction: Instruction | undefined): readonly string[] | undefined {
  const text = instruction?.getArgumentsContent();
  const at = text?.indexOf("CMD [") ?? -1;
  return text === undefined || text === null || at === -1 ? undefined : (JSON.parse(text.slice(at + 4)) as string[]);
}
