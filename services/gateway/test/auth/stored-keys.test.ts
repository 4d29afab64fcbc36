import {
  createLogger,
  keyAnswerText,
  newApiKey,
  newSigningKey,
  type SigningKey,
  signingKey,
  TrustedKeys,
} from "@agentspan/internal";
import { VerifyKeyRequestSchema, VerifyKeyResponseSchema } from "@agentspan/proto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { storedKeys } from "../../src/auth/stored-keys.js";

const made = newSigningKey();
const ours = signingKey(made.pem);
const trusted = TrustedKeys.read(
  JSON.stringify({ gateways: [], orchestrators: [{ id: made.id, public: made.public }] }),
) as TrustedKeys;
const { keyId, secretSha256 } = newApiKey();
const statement = {
  keyId,
  secretSha256: Buffer.from(secretSha256).toString("hex"),
  owner: "alex",
  roles: ["runner"],
  groups: [],
  namespace: "default",
  createdAt: 5,
  expiresAt: 0,
};
const at = 1_700_000_000_000;

interface Answer {
  readonly key?: MessageInitShape<typeof VerifyKeyResponseSchema>["key"];
  readonly by?: SigningKey;
  readonly nonce?: string;
}

/** A bus on which somebody answers so. */
function asking(answer: Answer, believed: TrustedKeys | "anybody" = trusted) {
  const lines: string[] = [];
  const exchange = async (_method: string, body: Uint8Array): Promise<Uint8Array> => {
    const asked = fromBinary(VerifyKeyRequestSchema, body);
    const nonce = answer.nonce ?? Buffer.from(asked.nonce).toString("hex");
    const text = keyAnswerText({ key: statement, revoked: false, nonce, at });
    const { roles, groups, owner, namespace } = statement;
    const key = { keyId, secretSha256, roles, groups, owner, namespace, createdAt: timestampFromMs(5), ...answer.key };
    const signed = answer.by && { signingKeyId: answer.by.id, signature: Uint8Array.from(answer.by.sign(text)) };
    const told = create(VerifyKeyResponseSchema, { key, at: timestampFromMs(at), ...signed });
    return toBinary(VerifyKeyResponseSchema, told);
  };
  const ask = storedKeys({
    orchestrators: { exchange },
    trusted: believed === "anybody" ? undefined : believed,
    log: createLogger("test", "warn", { write: (line: string) => void lines.push(line) }),
    stopped: new AbortController().signal,
  });
  return { ask, lines };
}

describe("what an orchestrator tells of a stored key", () => {
  it("is believed with its signature, and without one where there are no keys to hold it to", async () => {
    expect(await asking({ by: ours }).ask(keyId, false)).toMatchObject({ keyId, owner: "alex", revoked: false });
    expect(await asking({}, "anybody").ask(keyId, false)).toMatchObject({ keyId, owner: "alex" });
  });

  it.each<[string, Answer]>([
    ["is not signed", {}],
    ["is signed by somebody else", { by: signingKey(newSigningKey().pem) }],
    ["answers another question", { by: ours, nonce: "00" }],
    ["is of another key", { by: ours, key: { keyId: "another" } }],
    ["has other roles than were signed", { by: ours, key: { roles: ["admin"] } }],
    ["has another owner than was signed", { by: ours, key: { owner: "robin" } }],
    ["has another secret than was signed", { by: ours, key: { secretSha256: newApiKey().secretSha256 } }],
    ["says that a good one is revoked", { by: ours, key: { revoked: true } }],
  ])("is not believed where it %s, and the key refused", async (_, answer) => {
    const { ask, lines } = asking(answer);
    expect(await ask(keyId, false)).toBeUndefined();
    expect(lines.join()).toContain("not believed");
  });
});
