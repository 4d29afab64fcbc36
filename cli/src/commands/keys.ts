// agentspan keys create|list|revoke
import { NAME_PATTERN, newApiKey, parseDuration, personNameProblem } from "@agentspan/internal";
import { type Key, KeySchema, KeyService } from "@agentspan/proto";
import { type Timestamp, timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import { messageJson } from "../message-json.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { listKeys } from "../run-lists.js";
import { oneLine, safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { dateAndTime } from "../times.js";

export interface KeysCreateFlags extends UrlOption {
  readonly owner: string;
  readonly role: readonly string[];
  readonly group?: readonly string[];
  readonly description?: string;
  readonly expires?: string;
  readonly offline?: boolean;
  readonly namespace?: string;
  readonly json?: boolean;
}

export async function keysCreate(flags: KeysCreateFlags, output: Output): Promise<void> {
  if (flags.offline === true) return createOffline(flags, output);
  return withServer(flags, async ({ client }) => {
    const { owner, role, group = [], description = "", expires } = flags;
    const forMs = expires === undefined ? undefined : parseDuration(expires);
    const { key, text } = await client.call(KeyService.method.createKey, {
      owner,
      roles: [...role],
      groups: [...group],
      description,
      ...(forMs === undefined ? {} : { expiresAt: timestampFromMs(Date.now() + forMs) }),
    });
    if (flags.json === true) return output.json({ ...(key && messageJson(KeySchema, key)), text });
    const until = key?.expiresAt === undefined ? "" : `, until ${at(key.expiresAt)}`;
    output.line(`Key ${key?.keyId} of ${safeText(owner)}: ${role.join(", ")}${until}. Its text is shown this once:`);
    output.line();
    output.line(`  ${text}`);
    output.line();
    output.line("Its holder sets AGENTSPAN_API_KEY to it. Take it back with:");
    output.line(`  ${commandName()} keys revoke ${key?.keyId}`);
  });
}

/** For a start without any key: what the gateway reads has no secret in it. */
function createOffline(flags: KeysCreateFlags, output: Output): void {
  const { owner, role: roles, group: groups = [], namespace, expires } = flags;
  requireKey(flags);
  const { keyId, text, secretSha256 } = newApiKey();
  const forMs = expires === undefined ? undefined : parseDuration(expires);
  const entry = {
    id: keyId,
    sha256: Buffer.from(secretSha256).toString("hex"),
    ...{ owner, roles, groups: groups.length === 0 ? undefined : groups, namespace },
    expires: forMs === undefined ? undefined : new Date(Date.now() + forMs).toISOString(),
  };
  if (flags.json === true) {
    output.json({ text, entry });
    return;
  }
  output.line("For its holder, shown this once:");
  output.line();
  output.line(`  ${text}`);
  output.line();
  output.line("For the list in the gateways' AGENTSPAN_API_KEYS:");
  output.line();
  output.line(`  ${JSON.stringify(entry)}`);
}

/** What a server would say of it, where none is asked. */
function requireKey({ owner, role, group = [], namespace = "default" }: KeysCreateFlags): void {
  for (const [option, name] of [["--owner", owner] as const, ...group.map((one) => ["--group", one] as const)]) {
    const problem = personNameProblem(name);
    if (problem !== undefined)
      throw new CommandError(`${option} ${JSON.stringify(name)} is no name: it ${problem}.`, 2);
  }
  if (!NAME_PATTERN.test(namespace)) {
    throw new CommandError(
      `--namespace takes letters, digits, '_' and '-', and was given ${JSON.stringify(namespace)}.`,
      2,
    );
  }
  if (role.every((one) => one === "delegate")) {
    throw new CommandError("--role delegate alone may do nothing: give it runner or approver beside it.", 2);
  }
}

export interface KeysListFlags extends UrlOption {
  readonly limit: number;
  readonly json?: boolean;
}

export function keysList(flags: KeysListFlags, output: Output): Promise<void> {
  return withServer(flags, async (runtime) => {
    const { items, more } = await listKeys(runtime, flags.limit);
    if (flags.json === true) return output.json(items.map((key) => messageJson(KeySchema, key)));
    if (items.length === 0) return output.line("No keys are stored. Those of AGENTSPAN_API_KEYS are not listed.");
    output.table(
      [
        ["KEY", "OWNER", "ROLES", "STATE", "LAST USED", "FOR"],
        ...items.map((key) => [
          key.keyId,
          oneLine(key.owner, 40),
          key.roles.join(","),
          stateOf(key, Date.now()),
          at(key.lastUsedAt),
          oneLine(key.description, 40),
        ]),
      ],
      "",
    );
    for (const { keyId, problem } of items) {
      if (problem !== "") output.line(`${safeText(keyId)} lets nobody in, because ${safeText(problem)}.`);
    }
    if (more) output.line(`There are more: --limit ${flags.limit * 10}`);
  });
}

export interface KeysRevokeFlags extends UrlOption {
  readonly json?: boolean;
}

export function keysRevoke(keyId: string, flags: KeysRevokeFlags, output: Output): Promise<void> {
  return withServer(flags, async ({ client }) => {
    const { key } = await client.call(KeyService.method.revokeKey, { keyId });
    if (flags.json === true) return output.json({ ...(key && messageJson(KeySchema, key)) });
    output.line(`Revoked ${keyId} of ${safeText(key?.owner ?? "")}. It is refused everywhere within 5 seconds.`);
  });
}

function stateOf({ revokedAt, expiresAt, problem }: Key, now: number): string {
  if (problem !== "") return "not believed";
  if (revokedAt !== undefined) return `revoked ${at(revokedAt)}`;
  if (expiresAt === undefined) return "good";
  return timestampDate(expiresAt).getTime() <= now ? `expired ${at(expiresAt)}` : `good until ${at(expiresAt)}`;
}

function at(time: Timestamp | undefined): string {
  return dateAndTime(time && timestampDate(time));
}
