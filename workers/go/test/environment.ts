// Go, for all whose tests need it.
import { fileURLToPath } from "node:url";
import { findGo, goPrograms, ServersError } from "@agentspan/servers";

export const MODULE = fileURLToPath(new URL("..", import.meta.url));

/** Why there is no Go here that builds the module, which is printed. */
export interface Missing {
  readonly missing: string;
}

/** The program `go`. */
export async function testGo(): Promise<{ readonly go: string } | Missing> {
  return orMissing(async () => ({ go: await findGo(MODULE) }));
}

/** The built program of a package of the module, such as "./conformance". */
export async function goProgram(name: string): Promise<{ readonly file: string } | Missing> {
  return orMissing(async () => {
    const [file = ""] = await goPrograms({ module: MODULE, packages: [name] });
    return { file };
  });
}

async function orMissing<T>(find: () => Promise<T>): Promise<T | Missing> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof ServersError && error.reason === "NO_GO")) throw error;
    process.stderr.write(`Skipped what needs Go: ${error.message}\n`);
    return { missing: error.message };
  }
}
