// The settings of a process that signs: its own key, and whom it trusts.
import { type Setting, setting } from "../config.js";
import { type SigningKey, signingKey, signingKeyProblem } from "./signing-key.js";
import { type Signer, TrustedKeys, trustedKeysProblem } from "./trusted-keys.js";

export const SIGNING_KEY_VARIABLE = "AGENTSPAN_SIGNING_KEY_FILE";
export const TRUSTED_KEYS_VARIABLE = "AGENTSPAN_TRUSTED_KEYS_FILE";

/** How an orchestrator signs, and whom it believes. */
export interface Signing {
  readonly key: SigningKey;
  readonly trusted: TrustedKeys;
}

/** The text of this process's private key. */
export function signingKeySetting(): Setting<string | undefined> {
  const about = "the private key that this process signs with";
  return setting.optional(setting.file(SIGNING_KEY_VARIABLE, { about, problem: signingKeyProblem, secret: true }));
}

/** The text of the file of trusted keys. */
export function trustedKeysSetting(): Setting<string | undefined> {
  const about = "the public keys of gateways and orchestrators";
  return setting.optional(setting.file(TRUSTED_KEYS_VARIABLE, { about, problem: trustedKeysProblem }));
}

export interface SigningTexts {
  readonly signingKey: string | undefined;
  readonly trustedKeys: string | undefined;
}

/** What is wrong with the two settings together, each with its remedy. Texts that are wrong by themselves are passed over. */
export function signingFaults(
  as: Signer,
  { signingKey: pem, trustedKeys: text }: SigningTexts,
  { required, now }: { readonly required: boolean; readonly now: number },
): readonly string[] {
  const whose = as === "gateways" ? "gateway" : "orchestrator";
  const faults: string[] = [];
  const trusted = text === undefined ? undefined : trustedKeysOf(text);
  if (pem === undefined && (required || text !== undefined)) {
    const why = required ? "AGENTSPAN_AUTH is on" : `${TRUSTED_KEYS_VARIABLE} is set`;
    faults.push(`${SIGNING_KEY_VARIABLE} is not set, and ${why}: ${REMEDY} ${whose}.`);
  }
  if (text === undefined && as === "orchestrators" && (required || pem !== undefined)) {
    const why = required ? "AGENTSPAN_AUTH is on" : `${SIGNING_KEY_VARIABLE} is set`;
    faults.push(`${TRUSTED_KEYS_VARIABLE} is not set, and ${why}: whose signatures are to be believed? Set both.`);
  }
  if (trusted === undefined) return faults;
  if (as === "orchestrators" && trusted.ids("gateways", now).length === 0) {
    faults.push(`${TRUSTED_KEYS_VARIABLE} trusts no gateway, so that nothing could be asked. Add a gateway's key.`);
  }
  if (pem === undefined || signingKeyProblem(pem) !== undefined) return faults;
  const { id } = signingKey(pem);
  if (trusted.ids(as, now).includes(id)) return faults;
  faults.push(
    trusted.has(as, id)
      ? `${SIGNING_KEY_VARIABLE} holds key ${id}, which ${TRUSTED_KEYS_VARIABLE} says is retired. Sign with another.`
      : `${SIGNING_KEY_VARIABLE} holds key ${id}, which ${TRUSTED_KEYS_VARIABLE} does not have under "${as}". Add it there.`,
  );
  return faults;
}

const REMEDY = "make keys with agentspan signing-keys create, and set both settings of this";

/** Of settings without faults; undefined where nothing is set. */
export function signingOf({ signingKey: pem, trustedKeys: text }: SigningTexts): Signing | undefined {
  const trusted = text === undefined ? undefined : trustedKeysOf(text);
  return pem === undefined || trusted === undefined ? undefined : { key: signingKey(pem), trusted };
}

function trustedKeysOf(text: string): TrustedKeys | undefined {
  const read = TrustedKeys.read(text);
  return read instanceof TrustedKeys ? read : undefined;
}
