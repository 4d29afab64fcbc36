// The file that `agentspan worker credentials` makes: a worker's login at NATS, and the permit that it shows.
import { readFileSync } from "node:fs";
import { AgentspanError, readCredentials, type WorkerCredentials } from "@agentspan/internal";

export const CREDENTIALS_VARIABLE = "AGENTSPAN_WORKER_CREDENTIALS_FILE";

/** Throws INVALID_REQUEST with the path and what is wrong, without a word of what is in it. */
export function readWorkerCredentials(path: string): WorkerCredentials {
  const where = `The file of worker credentials ${JSON.stringify(path)} (credentialsFile, or ${CREDENTIALS_VARIABLE})`;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(`${where} cannot be read.`, cause);
  }
  const read = readCredentials(text);
  if (read === undefined) throw invalid(`${where} is not what agentspan worker credentials makes.`);
  return read;
}

/** The worker's id: the one that was chosen, which must be among those of the credentials, or their only one. */
export function workerIdFor({ permit: { workers } }: WorkerCredentials, chosen: string | undefined): string {
  const [only, ...others] = workers;
  if (chosen === undefined && only !== undefined && others.length === 0) return only;
  if (chosen !== undefined && workers.includes(chosen)) return chosen;
  const ids = workers.join(", ");
  throw invalid(
    chosen === undefined
      ? `The worker's credentials are for several: choose workerId among ${ids}.`
      : `The worker's credentials are for ${ids}, and not for workerId ${chosen}.`,
  );
}

function invalid(message: string, cause?: unknown): AgentspanError {
  const fields = [{ field: "credentialsFile", description: message }];
  return new AgentspanError("INVALID_REQUEST", message, { fields, ...(cause === undefined ? {} : { cause }) });
}
