import { readFileSync } from "node:fs";
import { CallerSchema } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import {
  type CallerStatement,
  newSigningKey,
  type Signer,
  type SigningTexts,
  signedText,
  signingFaults,
  signingKey,
  signingKeyProblem,
  signingOf,
  TrustedKeys,
  trustedKeysProblem,
} from "../src/index.js";

interface Vectors {
  readonly keys: Readonly<
    Record<"gateway" | "orchestrator" | "permit", { id: string; public: string; privatePem: string }>
  >;
  readonly vectors: readonly {
    readonly name: string;
    readonly signer: "gateway" | "orchestrator" | "permit";
    readonly purpose: string;
    readonly statement: object;
    readonly text: string;
    readonly utf8: string;
    readonly keyId: string;
    readonly signature: string;
  }[];
  readonly refused: readonly { name: string; text: string; keyId: string; signature: string }[];
}

const file = new URL("../../workers/vectors/signatures.json", import.meta.url);
const { keys, vectors, refused } = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const AT = Date.parse("2026-06-01T00:00:00Z");

function trusted(lists: Partial<Record<Signer, readonly object[]>>): TrustedKeys {
  const read = TrustedKeys.read(JSON.stringify({ gateways: [], orchestrators: [], ...lists }));
  if (read instanceof TrustedKeys) return read;
  throw new Error(read.faults.join("; "));
}

function publicOf({ id, public: text }: { id: string; public: string }): { id: string; public: string } {
  return { id, public: text };
}

const both = trusted({
  gateways: [publicOf(keys.gateway)],
  orchestrators: [publicOf(keys.orchestrator)],
  permits: [publicOf(keys.permit)],
});

describe("what is signed", () => {
  it.each(vectors)("has one text and one signature in every language: $name", (vector) => {
    const key = signingKey(keys[vector.signer].privatePem);
    const text = signedText(vector.purpose, vector.statement);
    expect(text).toBe(vector.text);
    expect(Buffer.from(text).toString("hex")).toBe(vector.utf8);
    expect(text.startsWith(`{"purpose":"${vector.purpose}","statement":{`)).toBe(true);
    expect(key.id).toBe(vector.keyId);
    expect(Buffer.from(key.sign(text)).toString("base64url")).toBe(vector.signature);
    const signature = Buffer.from(vector.signature, "base64url");
    expect(both.problem(`${vector.signer}s`, { ...vector, signature, at: AT })).toBeUndefined();
  });

  it.each(refused)("is refused with $name", ({ text, keyId, signature }) => {
    const signed = { text, keyId, signature: Buffer.from(signature, "base64url"), at: AT };
    expect(both.problem("orchestrators", signed)).toEqual(expect.any(String));
  });

  it("of a caller is all that an envelope has of it", () => {
    const said: Record<keyof CallerStatement, true> = {
      subject: true,
      roles: true,
      groups: true,
      method: true,
      credentialId: true,
      address: true,
    };
    expect(CallerSchema.fields.map(({ localName }) => localName).sort()).toEqual(Object.keys(said).sort());
  });
});

describe("trusted keys", () => {
  const old = newSigningKey();
  const fresh = newSigningKey();
  const text = signedText("agentspan.grant.v1", { run: "run_a" });
  const by = ({ id, pem }: typeof old, at: number) => ({ text, keyId: id, signature: signingKey(pem).sign(text), at });

  it("believe the old key and the new one while both are in use", () => {
    const rotating = trusted({ orchestrators: [publicOf(old), publicOf(fresh)] });
    expect(rotating.problem("orchestrators", by(old, AT))).toBeUndefined();
    expect(rotating.problem("orchestrators", by(fresh, AT))).toBeUndefined();
    expect(rotating.ids("orchestrators", AT)).toEqual([old.id, fresh.id].sort());
  });

  it("believe a retired key what it signed before, and nothing later", () => {
    const retired = { ...publicOf(old), retired_at: "2026-06-01T00:00:00Z" };
    const after = trusted({ orchestrators: [retired, publicOf(fresh)] });
    expect(after.problem("orchestrators", by(old, AT - 1))).toBeUndefined();
    expect(after.problem("orchestrators", by(old, AT))).toMatch(/retired at 2026-06-01T00:00:00.000Z/);
    expect(after.ids("orchestrators", AT)).toEqual([fresh.id]);
    expect(after.ids("orchestrators", AT - 1)).toHaveLength(2);
  });

  it("believe no gateway what an orchestrator must sign, and no stranger", () => {
    const apart = trusted({ gateways: [publicOf(old)], orchestrators: [publicOf(fresh)] });
    expect(apart.problem("orchestrators", by(old, AT))).toMatch(/is that of a gateway/);
    expect(apart.problem("gateways", by(fresh, AT))).toMatch(/is that of an orchestrator/);
    expect(apart.problem("gateways", by(newSigningKey(), AT))).toMatch(/no trusted key of a gateway/);
    expect(apart.problem("gateways", { ...by(old, AT), signature: new Uint8Array() })).toBe("it is not signed");
  });

  it("are refused with everything that is wrong with their file", () => {
    const list = [
      { ...publicOf(old), id: "0123456789abcdef" },
      { id: "x", public: "AAAA" },
      { ...publicOf(fresh), retired_at: "soon" },
      { ...publicOf(fresh), owner: "me" },
      7,
    ];
    const problem = trustedKeysProblem(JSON.stringify({ gateways: list, workers: [] })) ?? "";
    for (const said of [
      /workers/,
      /gateways\[0\].*another "id"/,
      /gateways\[1\].*32 bytes/,
      /gateways\[2\].*retired_at/,
    ])
      expect(problem).toMatch(said);
    for (const said of [/gateways\[3\].*owner/, /gateways\[4\]/, /no list "orchestrators"/])
      expect(problem).toMatch(said);
    expect(trustedKeysProblem("nothing")).toMatch(/not JSON/);
    const twice = { gateways: [publicOf(old)], orchestrators: [publicOf(old)] };
    expect(trustedKeysProblem(JSON.stringify(twice))).toMatch(/one purpose/);
  });
});

describe("the settings of signing", () => {
  const orchestrator = newSigningKey();
  const gateway = newSigningKey();
  const trustedKeys = JSON.stringify({ gateways: [publicOf(gateway)], orchestrators: [publicOf(orchestrator)] });
  const faults = (as: Signer, texts: Partial<SigningTexts>, required = false) =>
    signingFaults(as, { signingKey: undefined, trustedKeys: undefined, ...texts }, { required, now: AT });

  it("are none at all, or a key and those that are trusted", () => {
    expect(faults("orchestrators", {})).toEqual([]);
    expect(faults("orchestrators", { signingKey: orchestrator.pem, trustedKeys })).toEqual([]);
    expect(faults("gateways", { signingKey: gateway.pem, trustedKeys })).toEqual([]);
    expect(faults("gateways", { signingKey: gateway.pem })).toEqual([]);
    expect(signingOf({ signingKey: orchestrator.pem, trustedKeys })?.key.id).toBe(orchestrator.id);
    expect(signingOf({ signingKey: undefined, trustedKeys: undefined })).toBeUndefined();
  });

  it("are both needed where the callers are authenticated", () => {
    expect(faults("orchestrators", {}, true)).toHaveLength(2);
    expect(faults("gateways", {}, true)).toHaveLength(1);
    expect(faults("orchestrators", { signingKey: orchestrator.pem })).toEqual([expect.stringMatching(/TRUSTED_KEYS/)]);
    expect(faults("gateways", { trustedKeys })).toEqual([expect.stringMatching(/SIGNING_KEY_FILE is not set/)]);
  });

  it("must agree on whose key it is, and that it is in use", () => {
    expect(faults("orchestrators", { signingKey: gateway.pem, trustedKeys })).toEqual([
      expect.stringMatching(/does not have under "orchestrators"/),
    ]);
    const retired = JSON.stringify({
      gateways: [],
      orchestrators: [{ ...publicOf(orchestrator), retired_at: "2026-01-01T00:00:00Z" }],
    });
    expect(faults("orchestrators", { signingKey: orchestrator.pem, trustedKeys: retired })).toEqual([
      expect.stringMatching(/trusts no gateway/),
      expect.stringMatching(/is retired/),
    ]);
  });

  it("refuse a key of another kind without showing it", () => {
    expect(signingKeyProblem(orchestrator.pem)).toBeUndefined();
    expect(signingKeyProblem("secret")).toMatch(/no private key/);
    expect(signingKeyProblem(EC)).toMatch(/not of Ed25519/);
  });
});

// Of the curve P-256, for this test alone.
const EC = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2
OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r
1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G
-----END PRIVATE KEY-----
`;
