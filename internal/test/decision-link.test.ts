import { describe, expect, it } from "vitest";
import {
  type DecisionLinkStatement,
  decisionLinkText,
  decisionLinkToken,
  newSigningKey,
  readDecisionLink,
  type Signer,
  signingKey,
  TrustedKeys,
} from "../src/index.js";

const AT = Date.parse("2026-11-01T08:00:00Z");
const ours = newSigningKey();
const key = signingKey(ours.pem);

const LINK: DecisionLinkStatement = {
  ...{ link: "lnk_6feckbo4lwhh4qkb6hpbc4f44i", namespace: "default", run: "run_a", approval: "apr_b" },
  ...{ agent: "shop", tool: "refund", digest: "sha256:00ff", person: "Zoë Ångström" },
  ...{ at: AT, until: AT + 60_000 },
};

function trusted(lists: Partial<Record<Signer, readonly object[]>>): TrustedKeys {
  const read = TrustedKeys.read(JSON.stringify({ gateways: [], orchestrators: [], ...lists }));
  if (read instanceof TrustedKeys) return read;
  throw new Error(read.faults.join("; "));
}

const listed = ({ id, public: text }: typeof ours) => ({ id, public: text });
const believed = trusted({ orchestrators: [listed(ours)] });

describe("the token of a decision link", () => {
  it("says what was signed, also of a preview that was in sight, and fits into a URL as it is", () => {
    for (const link of [LINK, { ...LINK, preview: "sha256:aa" }]) {
      const token = decisionLinkToken(link, key);
      expect(readDecisionLink(token, believed)).toEqual(link);
      expect(encodeURIComponent(token)).toBe(token);
    }
  });

  it("is none where any bit of it is another", () => {
    const token = decisionLinkToken(LINK, key);
    const bytes = Buffer.from(token, "latin1");
    let tried = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      for (let bit = 0; bit < 7; bit += 1) {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ (1 << bit);
        tried += 1;
        expect(readDecisionLink(other.toString("latin1"), believed), `bit ${bit} of ${at}`).toBeUndefined();
      }
    }
    expect(tried).toBe(7 * token.length);
  });

  it("has one spelling: padding, other alphabets and what is put behind it make it none", () => {
    const token = decisionLinkToken(LINK, key);
    const [said = "", id = "", signature = ""] = token.split(".");
    const spelt = [
      `${said}=.${id}.${signature}`,
      `${said}.${id}.${signature}==`,
      `${said}.${id}.${signature}.`,
      `${said}.${id}.${signature}.${signature}`,
      ` ${token}`,
      `${said}.${id}`,
      `${said}.${id.toUpperCase()}.${signature}`,
      "",
      "..",
      "a".repeat(100_000),
    ];
    for (const one of spelt) expect(readDecisionLink(one, believed), one.slice(0, 80)).toBeUndefined();
  });

  it("is none with more or less said than a link says, whoever signed it", () => {
    const { person: _, ...nobody } = LINK;
    const odd = [nobody, { ...LINK, roles: ["admin"] }, { ...LINK, until: "never" }, { ...LINK, preview: 1 }];
    for (const statement of [...odd, { ...LINK, link: "dec_6feckbo4lwhh4qkb6hpbc4f44i" }, { ...LINK, at: 0.5 }]) {
      const token = decisionLinkToken(statement as DecisionLinkStatement, key);
      expect(readDecisionLink(token, believed), JSON.stringify(statement)).toBeUndefined();
    }
  });

  it("is none by a key of nobody, of a gateway, or one that was retired before", () => {
    const token = decisionLinkToken(LINK, key);
    expect(readDecisionLink(token, trusted({}))).toBeUndefined();
    expect(readDecisionLink(token, trusted({ gateways: [listed(ours)] }))).toBeUndefined();
    expect(readDecisionLink(decisionLinkToken(LINK, signingKey(newSigningKey().pem)), believed)).toBeUndefined();
    const retired = (at: number) =>
      trusted({ orchestrators: [{ ...listed(ours), retired_at: new Date(at).toISOString() }] });
    expect(readDecisionLink(token, retired(AT))).toBeUndefined();
    expect(readDecisionLink(token, retired(AT + 1))).toEqual(LINK);
  });

  it("is signed for its own purpose, so that it is no other statement and none is a link", () => {
    expect(decisionLinkText(LINK)).toMatch(/^\{"purpose":"agentspan\.decision-link\.v1","statement":\{"agent":/);
    const [said = "", id = ""] = decisionLinkToken(LINK, key).split(".");
    const elsewhere = Buffer.from(key.sign(Buffer.from(said, "base64url").toString())).toString("base64url");
    expect(readDecisionLink(`${said}.${id}.${elsewhere}`, believed)).toBeUndefined();
  });
});
