// What a server on this machine needs, without starting or fetching anything.
import { accessSync, constants, existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { portProblem, privacyProblem, stackStatus } from "@agentspan/local";
import { type ServerAtHand, serversAtHand } from "@agentspan/servers";
import { commandName } from "../command-name.js";
import { isSet, MODEL_KEYS, SCRIPTED_MODEL } from "../model-situation.js";
import type { StackPlace } from "../stack-place.js";
import type { Check } from "./check.js";

type Environment = Readonly<Record<string, string | undefined>>;

const OLDEST_NODE = [20, 19] as const;
const DEFAULT_PORT = 6767;
const GIB = 1024 ** 3;
const LEAST_FREE_BYTES = GIB / 16;

export function nodeCheck(version = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  const fits = major > oldest || (major === oldest && minor >= oldestMinor);
  if (fits) return { name: "Node", state: "ok", found: version };
  const remedy = `Install Node ${OLDEST_NODE.join(".")} or newer.`;
  return { name: "Node", state: "fault", found: version, remedy };
}

export async function machineChecks(place: StackPlace, env: Environment): Promise<readonly Check[]> {
  const { state } = await stackStatus(place.dataDir);
  return [
    ...(await serversAtHand({ env })).map(serverCheck),
    ...(await dataChecks(place.dataDir)),
    ...(state === "stopped" ? await portChecks(place) : []),
    modelCheck(env),
  ];
}

function serverCheck({ name, how, detail }: ServerAtHand): Check {
  switch (how) {
    case "named":
      return { name, state: "ok", found: `as ${detail} names it` };
    case "found":
      return { name, state: "ok", found: detail };
    case "fetched":
      return { name, state: "ok", found: `fetched, in ${detail}` };
    case "to be fetched":
      return { name, state: "ok", found: `to be fetched ${detail}` };
    case "missing":
      return { name, state: "fault", found: "none, and it cannot be fetched", remedy: detail };
    default:
      return how satisfies never;
  }
}

async function dataChecks(dataDir: string): Promise<readonly Check[]> {
  const name = "Data folder";
  let there = dataDir;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    // A slash behind it: what is no folder is none to write in.
    accessSync(`${there}/`, constants.W_OK | constants.X_OK);
  } catch {
    const remedy = "Name another with --data or AGENTSPAN_DATA, or give yourself the right to write there.";
    return [{ name, state: "fault", found: `${dataDir} cannot be written`, remedy }];
  }
  const open = await privacyProblem(dataDir);
  const folder: Check =
    open === undefined
      ? { name, state: "ok", found: dataDir }
      : { name, state: "fault", found: `${dataDir} ${open.why}`, remedy: open.remedy };
  const { bavail, bsize } = await statfs(there);
  const free = bavail * bsize;
  const found = `${(free / GIB).toFixed(1)} GiB free`;
  const remedy = "Free some space, or name a folder on another disk with --data.";
  const state = free < LEAST_FREE_BYTES ? "fault" : free < GIB ? "note" : "ok";
  const disk: Check = state === "ok" ? { name: "Disk", state, found } : { name: "Disk", state, found, remedy };
  return [folder, disk];
}

/** Those that a start would take. */
async function portChecks({ port = DEFAULT_PORT, grpcPort = port + 1 }: StackPlace): Promise<readonly Check[]> {
  const asked = [
    [port, "--port"],
    [grpcPort, "--grpc-port"],
  ] as const;
  return Promise.all(
    asked
      .filter(([one]) => one > 0 && one <= 65_535)
      .map(async ([one, option]): Promise<Check> => {
        const problem = await portProblem(one);
        const name = `Port ${one}`;
        if (problem === undefined) return { name, state: "ok", found: "free" };
        const found = problem === "EADDRINUSE" ? "taken by another program" : `cannot be had (${problem})`;
        return {
          name,
          state: "fault",
          found,
          remedy: `Start the server with another ${option}, or stop that program.`,
        };
      }),
  );
}

/** Only whether they are there; what they are is nobody's business. */
function modelCheck(env: Environment): Check {
  const there = MODEL_KEYS.map(([variable]) => variable).filter((variable) => isSet(env, variable));
  if (there.length > 0) return { name: "Models", state: "ok", found: `${there.join(", ")} set here` };
  const remedy = `For real models set one where the server runs, such as OPENAI_API_KEY; ${commandName()} demo needs none.`;
  return { name: "Models", state: "note", found: `no key is set here: the scripted model ${SCRIPTED_MODEL}`, remedy };
}
