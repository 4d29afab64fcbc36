// People and programs with API keys, and a gateway that takes them.
import { newApiKey } from "@agentspan/internal";

/** An API key of somebody, and the setting that has the gateway take it. */
export function holder(owner: string, roles: readonly string[], groups: readonly string[] = []) {
  const { keyId, text, secretSha256 } = newApiKey();
  const sha256 = Buffer.from(secretSha256).toString("hex");
  return { owner, keyId, text, setting: { id: keyId, sha256, owner, roles, groups } };
}

/** The same of a namespace that is not everybody's. */
export function inNamespace(namespace: string, { setting, ...key }: ReturnType<typeof holder>) {
  return { ...key, setting: { ...setting, namespace } };
}

/** What gateway and orchestrator are started with to ask everybody for a key, and to take those of these. */
export function askingForKeys(holders: readonly { readonly setting: object }[]) {
  return { AGENTSPAN_AUTH: "on", AGENTSPAN_API_KEYS: JSON.stringify(holders.map(({ setting }) => setting)) };
}
