// Which server a command speaks to, and as whom. A key goes to the server that it was given for: the first of these that
// names a server decides, and the key is that one's.
//  1. --url: with --key or --key-file, else AGENTSPAN_API_KEY
//  2. --profile: with --key or --key-file, else the profile's, else AGENTSPAN_API_KEY
//  3. AGENTSPAN_SERVER_URL: as --url
//  4. AGENTSPAN_PROFILE, then the one that `profiles use` chose: with --key or --key-file, else AGENTSPAN_API_KEY, else
//     the profile's
//  5. the server on this machine: as --url
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { withoutSecrets } from "@agentspan/internal";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import type { UrlOption } from "../options.js";
import { safeText } from "../safe-text.js";
import { type Profile, type Profiles, readProfiles } from "./profile-store.js";

export interface ServerTarget {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly natsUrl: string | undefined;
  /** What named the server, for whoever wonders. */
  readonly from: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_URL = "http://127.0.0.1:6767";

/** Throws CommandError where a profile is not there, or a key cannot be read. */
export async function serverTarget(flags: UrlOption, env: Environment = process.env): Promise<ServerTarget> {
  const said = flags.key ?? (flags.keyFile === undefined ? undefined : await keyIn(flags.keyFile));
  const setting = (name: string): string | undefined => env[name]?.trim() || undefined;
  const apiKey = said ?? keyOfSetting(setting("AGENTSPAN_API_KEY"));
  const natsUrl = setting("AGENTSPAN_NATS_URL") ?? setting("NATS_URL");
  if (flags.url !== undefined) return { url: flags.url, apiKey, natsUrl, from: "--url" };
  if (flags.profile !== undefined) {
    const { name, profile } = named(readProfiles(env), flags.profile, "--profile");
    const own = said ?? (await keyOf(profile)) ?? apiKey;
    return { url: profile.url, apiKey: own, natsUrl: profile.natsUrl ?? natsUrl, from: `profile ${name}` };
  }
  const url = setting("AGENTSPAN_SERVER_URL");
  if (url !== undefined) return { url: requireAddress(url), apiKey, natsUrl, from: "AGENTSPAN_SERVER_URL" };
  const chosen = setting("AGENTSPAN_PROFILE");
  const profiles = readProfiles(env);
  const wanted = chosen ?? profiles.current;
  if (wanted === undefined) return { url: DEFAULT_URL, apiKey, natsUrl, from: "the server on this machine" };
  const { name, profile } = named(profiles, wanted, chosen === undefined ? "profiles use" : "AGENTSPAN_PROFILE");
  const own = apiKey ?? (await keyOf(profile));
  return { url: profile.url, apiKey: own, natsUrl: natsUrl ?? profile.natsUrl, from: `profile ${name}` };
}

function requireAddress(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  const was = safeText(withoutSecrets(url));
  throw new CommandError(`AGENTSPAN_SERVER_URL must be an address such as ${DEFAULT_URL}, and is ${was}.`, 2);
}

function keyOfSetting(key: string | undefined): string | undefined {
  if (key === undefined || KEY.test(key)) return key;
  throw new CommandError("AGENTSPAN_API_KEY must be one API key or token, without blanks and line breaks in it.", 2);
}

/** As a header takes it. */
const KEY = /^[\x21-\x7e]+$/;

function named({ named: all }: Profiles, name: string, from: string): { name: string; profile: Profile } {
  const profile = all.get(name);
  if (profile !== undefined) return { name, profile };
  const there = all.size === 0 ? "There are none" : `There are ${[...all.keys()].join(", ")}`;
  throw new CommandError(
    `There is no profile ${safeText(name)}, which ${from} names. ${there}; ${commandName()} profiles add makes one.`,
    2,
  );
}

async function keyOf({ key, keyFile }: Profile): Promise<string | undefined> {
  return key ?? (keyFile === undefined ? undefined : await keyIn(keyFile));
}

/** The API key or token in a file, or on the standard input for "-". Throws CommandError, without it, where it is none. */
export async function keyIn(file: string): Promise<string> {
  const where = file === "-" ? "the standard input" : safeText(file);
  let read: string;
  try {
    read = file === "-" ? await text(process.stdin) : readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CommandError(
      `The key cannot be read from ${where}: ${why === "ENOENT" ? "there is no such file" : why}.`,
      2,
    );
  }
  const key = read.trim();
  if (KEY.test(key)) return key;
  throw new CommandError(`There must be one API key or token in ${where}, and nothing else.`, 2);
}
