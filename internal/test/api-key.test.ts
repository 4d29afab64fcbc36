import { createHash } from "node:crypto";
import { newApiKey, readApiKey, withoutSecrets } from "@agentspan/internal";
import { describe, expect, it } from "vitest";

describe("an API key", () => {
  it("is read as what it was made with, also where its secret has underscores", () => {
    for (let made = 0; made < 50; made += 1) {
      const { keyId, text, secretSha256 } = newApiKey();
      const read = readApiKey(text);
      expect(read?.keyId).toBe(keyId);
      expect(Buffer.from(read?.secretSha256 ?? []).equals(secretSha256)).toBe(true);
      expect(text.length).toBeGreaterThan(70);
    }
    const secret = "_".repeat(43);
    const hash = createHash("sha256").update(secret).digest();
    expect(readApiKey(`agsp_a-1_${secret}`)).toEqual({ keyId: "a-1", secretSha256: hash });
  });

  it.each([
    "",
    "agsp_",
    "agsp_id_short",
    `agsp__${"a".repeat(43)}`,
    `agsp_i d_${"a".repeat(43)}`,
    `sk_id_${"a".repeat(43)}`,
  ])("is not %j", (text) => expect(readApiKey(text)).toBeUndefined());

  it("is written to a log without its secret, and a token not at all", () => {
    const { keyId, text } = newApiKey();
    expect(withoutSecrets(`refused ${text}.`)).toBe(`refused agsp_${keyId}_[redacted].`);
    const token = `${Buffer.from('{"alg":"RS256"}').toString("base64url")}.eyJzdWIiOiJhIn0.c2ln-_`;
    expect(withoutSecrets(`{"t":"${token}"}`)).toBe('{"t":"[redacted]"}');
  });
});
