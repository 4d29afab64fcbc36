// agentspan profiles add|list|use|remove
import { resolve } from "node:path";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import type { Output } from "../output.js";
import { changeProfiles, PROFILE_NAME, type Profile, profilesFile, readProfiles } from "../profiles/profile-store.js";
import { keyIn } from "../profiles/server-target.js";
import { oneLine, safeText } from "../safe-text.js";

export interface ProfilesAddFlags {
  readonly url: string;
  /** "-" is the standard input, whose key is kept; of any other file the name is. */
  readonly keyFile?: string;
  readonly natsUrl?: string;
  readonly replace?: boolean;
}

export async function profilesAdd(name: string, flags: ProfilesAddFlags, output: Output): Promise<void> {
  const { url, keyFile, natsUrl, replace = false } = flags;
  if (!PROFILE_NAME.test(name)) {
    throw new CommandError("A profile's name has letters, digits, '.', '_' and '-', at most 64.", 2);
  }
  // Looked at now, so that a wrong one is told before it is used.
  const key = keyFile === undefined ? undefined : await keyIn(keyFile);
  const kept = keyFile === "-" ? { key } : { keyFile: keyFile === undefined ? undefined : resolve(keyFile) };
  const profile: Profile = JSON.parse(JSON.stringify({ url, ...kept, natsUrl }));
  await changeProfiles(process.env, ({ current, named }) => {
    if (named.has(name) && !replace) {
      throw new CommandError(`There is a profile ${name} already. Add it with --replace, or under another name.`);
    }
    return { current, named: new Map([...named, [name, profile]]) };
  });
  output.line(`Profile ${name} leads to ${url}, ${keyWords(profile)}. It is kept in ${profilesFile(process.env)}.`);
  output.line(`Use it for one command with --profile ${name}, and for all with:`);
  output.line(`  ${commandName()} profiles use ${name}`);
}

export function profilesList({ json }: { readonly json?: boolean }, output: Output): void {
  const { current, named } = readProfiles(process.env);
  const all = [...named].toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (json === true) {
    output.json(
      all.map(([name, { url, key, keyFile, natsUrl }]) => ({
        ...{ name, url, current: name === current },
        ...{ key: key === undefined ? (keyFile === undefined ? "none" : "file") : "kept", keyFile, natsUrl },
      })),
    );
    return;
  }
  if (all.length === 0) {
    output.line(`No profiles. Make one with: ${commandName()} profiles add <name> --url <url>`);
    return;
  }
  output.table(
    [
      ["", "PROFILE", "URL", "KEY"],
      ...all.map(([name, profile]) => [name === current ? "*" : "", name, oneLine(profile.url, 80), keyWords(profile)]),
    ],
    "",
  );
}

export async function profilesUse(
  name: string | undefined,
  { none }: { readonly none?: boolean },
  output: Output,
): Promise<void> {
  if ((name === undefined) !== (none === true)) throw new CommandError("Name the profile, or say --none.", 2);
  await changeProfiles(process.env, ({ named }) => {
    requireThere(named, name);
    return { current: name, named };
  });
  output.line(name === undefined ? "No profile is used unless one is named." : `Profile ${name} is used from now on.`);
  const overruling = ["AGENTSPAN_SERVER_URL", "AGENTSPAN_PROFILE"].find((variable) => process.env[variable]?.trim());
  if (overruling !== undefined) output.line(`In this terminal ${overruling} is set, and comes before it.`);
}

export async function profilesRemove(name: string, output: Output): Promise<void> {
  await changeProfiles(process.env, ({ current, named }) => {
    requireThere(named, name);
    const others = [...named].filter(([other]) => other !== name);
    return { current: current === name ? undefined : current, named: new Map(others) };
  });
  output.line(`Removed profile ${name}. Its key, if it had one, is still good: revoke it where it is not needed.`);
}

function requireThere(named: ReadonlyMap<string, Profile>, name: string | undefined): void {
  if (name === undefined || named.has(name)) return;
  const there = named.size === 0 ? "there are none" : `there are ${[...named.keys()].join(", ")}`;
  throw new CommandError(`There is no profile ${safeText(name)}: ${there}.`, 2);
}

function keyWords({ key, keyFile }: Profile): string {
  if (key !== undefined) return "with a key that is kept";
  return keyFile === undefined ? "without a key" : `with the key in ${oneLine(keyFile, 60)}`;
}
