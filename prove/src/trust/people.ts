// Who asks and who decides in a proof with authentication: each with a key of their own.
import { newApiKey } from "@agentspan/internal";
import type { Approval } from "@agentspan/proto";
import type { Callers } from "../callers.js";
import type { OfficeRpc } from "../way.js";

/** Starts every run, and has the right to decide, but over nothing of its own. */
export const STARTER = "alex";
export const ADMIN = "root";

interface Holder {
  readonly name: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

const HOLDERS: readonly Holder[] = [
  { name: STARTER, roles: ["runner", "approver"], groups: ["finance"] },
  { name: ADMIN, roles: ["admin"], groups: [] },
  { name: "maria", roles: ["approver"], groups: ["finance"] },
  { name: "noah", roles: ["approver"], groups: ["finance"] },
  { name: "zoe", roles: ["approver"], groups: [] },
  { name: "ceo", roles: ["approver"], groups: [] },
];

export interface KeyHolder extends Holder {
  readonly apiKey: string;
}

/** Fresh keys for everybody, and what AGENTSPAN_API_KEYS is to be. */
export function issueKeys(): { readonly holders: readonly KeyHolder[]; readonly setting: string } {
  const issued = HOLDERS.map((holder) => ({ holder, ...newApiKey() }));
  const setting = issued.map(({ holder: { name, roles, groups }, keyId, secretSha256 }) => {
    const sha256 = Buffer.from(secretSha256).toString("hex");
    return { id: keyId, sha256, owner: name, roles, groups, namespace: "default" };
  });
  const holders = issued.map(({ holder, text }) => ({ ...holder, apiKey: text }));
  return { holders, setting: JSON.stringify(setting) };
}

export interface Person {
  readonly name: string;
  readonly groups: readonly string[];
  readonly callers: Callers<OfficeRpc>;
}

/** Whether a person may let something happen by this approval, as its policy says. */
export function mayDecide({ name, groups }: Pick<Person, "name" | "groups">, { approvers }: Approval): boolean {
  if (name === STARTER) return false;
  if (approvers === undefined) return true;
  return approvers.users.includes(name) || groups.some((group) => approvers.groups.includes(group));
}
