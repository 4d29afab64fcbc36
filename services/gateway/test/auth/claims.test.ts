import { describe, expect, it } from "vitest";
import { readClaims } from "../../src/auth/claims.js";
import type { Issuer } from "../../src/auth/issuer.js";

const issuer: Issuer = {
  issuer: "https://id.acme.test",
  audience: ["agentspan"],
  algorithms: ["ES256"],
  clockToleranceS: 30,
  requiredClaims: {},
  subjectClaim: "sub",
  subjectPrefix: "",
  groupsClaim: "groups",
  roles: { leads: ["approver"], ops: ["runner", "approver"] },
  namespace: "default",
};
const refused = (why: string) => expect.objectContaining({ reason: "UNAUTHENTICATED", why });
const reading =
  (payload: object, more: Partial<Issuer> = {}) =>
  () =>
    readClaims({ ...payload }, { ...issuer, ...more });

describe("the claims of a token", () => {
  it("say who it is, and give the roles of its groups", () => {
    expect(reading({ sub: "alex", groups: ["leads", "ops", "toString"] })()).toEqual({
      subject: "alex",
      groups: ["leads", "ops", "toString"],
      roles: ["approver", "runner"],
      namespace: "default",
    });
    expect(reading({ sub: "alex", groups: "leads" })().roles).toEqual(["approver"]);
    expect(reading({ sub: "alex", groups: [1, { leads: true }, ""] })()).toMatchObject({ groups: [], roles: [] });
  });

  it("may name roles of ours themselves, where that is configured, and no others", () => {
    const payload = { sub: "alex", realm_access: { roles: ["runner", "*", "gateway", "root"] } };
    expect(reading(payload)().roles).toEqual([]);
    expect(reading(payload, { rolesClaim: "realm_access.roles" })().roles).toEqual(["runner"]);
    const dotted = { sub: "alex", "https://acme.test/roles": ["admin"] };
    expect(reading(dotted, { rolesClaim: "https://acme.test/roles" })().roles).toEqual(["admin"]);
  });

  it.each([
    {},
    { sub: "" },
    { sub: " " },
    { sub: "alex " },
    { sub: "al\u200bex" },
    { sub: "Zoe\u0308" },
    { sub: 7 },
    { sub: "a\nb" },
    { sub: "anonymous" },
    { sub: "x".repeat(257) },
  ])("that do not say who it is are refused: %j", (payload) => expect(reading(payload)).toThrow(refused("claims")));

  it("are of two persons where two issuers have one subject", () => {
    expect(reading({ sub: "7" }, { subjectPrefix: "acme|" })().subject).toBe("acme|7");
    expect(reading({ sub: "" }, { subjectPrefix: "acme|" })).toThrow(refused("claims"));
    expect(reading({ sub: " 7" }, { subjectPrefix: "acme|" })).toThrow(refused("claims"));
  });

  it("name a person by an email only where their issuer has verified it", () => {
    const byEmail = { subjectClaim: "email" };
    expect(reading({ email: "a@acme.test", email_verified: true }, byEmail)().subject).toBe("a@acme.test");
    for (const email_verified of [undefined, false, "true", 1]) {
      expect(reading({ email: "a@acme.test", email_verified }, byEmail)).toThrow(refused("claims"));
    }
  });

  it("name a group by an email only where that is verified, and by a domain as it is", () => {
    const byEmail = { groupsClaim: "email", roles: { "a@acme.test": ["approver"] } } as const;
    const payload = { sub: "7", email: "a@acme.test" };
    expect(reading({ ...payload, email_verified: true }, byEmail)()).toMatchObject({
      ...{ groups: ["a@acme.test"], roles: ["approver"] },
    });
    for (const email_verified of [undefined, false, "true", 1]) {
      expect(reading({ ...payload, email_verified }, byEmail)).toThrow(refused("claims"));
    }
    expect(reading({ sub: "7" }, byEmail)().groups).toEqual([]);
    const byDomain = { groupsClaim: "hd", roles: { "acme.test": ["runner"] } } as const;
    expect(reading({ ...payload, hd: "acme.test" }, byDomain)().roles).toEqual(["runner"]);
    expect(reading(payload, byDomain)().roles).toEqual([]);
  });

  it("must be there, each with its text, where that is asked for", () => {
    const asked = { requiredClaims: { hd: "acme.test", "org.plan": "paid" } };
    const org = { plan: "paid" };
    expect(reading({ sub: "7", hd: "acme.test", org }, asked)().subject).toBe("7");
    for (const hd of [undefined, "", "evil.test", "ACME.test", ["acme.test"], true]) {
      expect(reading({ sub: "7", hd, org }, asked)).toThrow(refused("claims"));
    }
    expect(reading({ sub: "7", hd: "acme.test" }, asked)).toThrow(refused("claims"));
  });

  it("give the namespace where that is configured, and nothing in its place", () => {
    const byOrg = { namespaceClaim: "org" };
    expect(reading({ sub: "alex", org: "acme" }, byOrg)().namespace).toBe("acme");
    for (const org of [undefined, "", "a.b", "a b", ">", ["acme"], "__proto__ "]) {
      expect(reading({ sub: "alex", org }, byOrg)).toThrow(refused("claims"));
    }
  });
});
