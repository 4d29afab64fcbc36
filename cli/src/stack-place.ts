// Where the local stack listens and keeps its data, as options and environment say.
import { resolve } from "node:path";
import { PRODUCT_VARIABLES, readConfig, setting } from "@agentspan/internal";
import { defaultDataDir } from "@agentspan/local";
import type { StackFlags } from "./options.js";

export interface StackPlace {
  readonly port: number | undefined;
  readonly grpcPort: number | undefined;
  readonly natsPort: number | undefined;
  readonly dataDir: string;
  /** Whether the environment wants everybody to be asked who they are. */
  readonly auth: boolean;
}

const SPEC = {
  port: setting.optional(setting.int("AGENTSPAN_PORT", { about: "where the server listens", min: 0, max: 65_535 })),
  grpcPort: setting.optional(
    setting.int("AGENTSPAN_GRPC_PORT", { about: "where the server listens for gRPC alone", min: 0, max: 65_535 }),
  ),
  auth: setting.boolean("AGENTSPAN_AUTH", { about: "whether everybody is asked who they are", default: false }),
};

/** What the options say, else the environment. Throws ConfigError, also for an AGENTSPAN_ variable that nobody reads. */
export function stackPlace(flags: StackFlags, env: Readonly<Record<string, string | undefined>>): StackPlace {
  const config = readConfig(SPEC, env, { known: PRODUCT_VARIABLES });
  return {
    port: flags.port ?? config.port,
    grpcPort: flags.grpcPort ?? config.grpcPort,
    natsPort: flags.natsPort,
    auth: config.auth,
    dataDir: flags.data === undefined ? defaultDataDir(env) : resolve(flags.data),
  };
}

/** Of a command that is to find this data where it would look elsewhere. */
export function dataOption(dataDir: string, env: Readonly<Record<string, string | undefined>>): string {
  return dataDir === defaultDataDir(env) ? "" : ` --data ${quoted(dataDir)}`;
}

/** As one word of a shell. */
export function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
