// What the gateway tells of itself before anybody has signed in.
import type { Provider } from "./provider.js";

export interface DeskConfig {
  readonly signIn: readonly Provider[];
}

let asked: Promise<DeskConfig> | undefined;

/** Asked once; again where it could not be had. */
export function deskConfig(): Promise<DeskConfig> {
  asked ??= read().catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
}

async function read(): Promise<DeskConfig> {
  const answer = await fetch("/desk/config.json", { credentials: "omit", redirect: "error" });
  if (!answer.ok) throw new Error(`The desk's configuration came with status ${answer.status}`);
  return (await answer.json()) as DeskConfig;
}
