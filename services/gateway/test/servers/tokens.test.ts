// Which tokens of an identity provider are taken.
import { describe, expect, it } from "vitest";
import type { TokenFault } from "../issuer/local-issuer.js";
import { asked, withGuardedGateway } from "./guarded-gateway.js";
import { refusalOf } from "./harness.js";

const guarded = withGuardedGateway();
const { runs } = guarded;

describe("a token", () => {
  const now = () => Math.floor(Date.now() / 1_000);
  const refusal = async (claims: Record<string, unknown>, more?: { how?: TokenFault; kid?: string }) => {
    const token = await guarded.issuer.token({ groups: ["staff"], org: "default", ...claims }, more);
    return refusalOf(runs(token).start(asked));
  };

  it.each([
    ["that has expired", { exp: now() - 10 }, /expired/],
    ["without an end", { exp: undefined }, /exp/],
    ["that is not valid yet", { nbf: now() + 3_600 }, /not valid yet/],
    ["for another audience", { aud: "payroll" }, /audience/],
    ["for no audience", { aud: undefined }, /aud/],
    ["of another issuer", { iss: "https://id.evil.test" }, /issuer/],
    ["of no issuer", { iss: undefined }, /issuer/],
    ["of nobody", { sub: undefined }, /sub/],
    ["of no namespace", { org: undefined }, /org/],
  ])("%s is refused", async (_, claims, words) => {
    expect(await refusal(claims)).toMatchObject({ reason: "UNAUTHENTICATED", message: expect.stringMatching(words) });
  });

  it.each([
    "alg none",
    "alg none with a signature",
    "signed with the public key as a secret",
    "tampered",
    "another's key under our key's name",
  ] as const)("that is forged is refused: %s", async (how) => {
    expect((await refusal({}, { how })).reason).toBe("UNAUTHENTICATED");
  });

  it("that is signed in a way that is not taken is refused, whoever signed it", async () => {
    const told = await refusal({ iss: `${guarded.issuer.url}/rsa` });
    expect(told).toMatchObject({ reason: "UNAUTHENTICATED", message: expect.stringContaining("in a way that") });
  });

  it("is taken within the tolerance of clocks", async () => {
    const token = await guarded.issuer.token({ exp: now() - 1, groups: ["staff"], org: "default" });
    await runs(token).start(asked);
  });

  it("of an issuer whose keys cannot be read, or whose discovery lies, is refused as something to try again", async () => {
    for (const iss of ["http://127.0.0.1:1", `${guarded.issuer.url}/liar`]) {
      const token = await guarded.issuer.token({ iss });
      const told = await refusalOf(runs(token).start(asked));
      expect(told).toMatchObject({ reason: "ISSUER_UNAVAILABLE", retryable: true });
    }
  });

  it("signed with a new key is taken once the keys are read again, and one of a key that was withdrawn no more", async () => {
    const old = await guarded.issuer.token({ groups: ["staff"], org: "default" });
    await runs(old).start(asked);
    expect((await refusal({}, { kid: "unheard-of" })).message).toContain("key");
    await guarded.issuer.rotate();
    await expect
      .poll(async () => {
        const token = await guarded.issuer.token({ groups: ["staff"], org: "default" });
        return runs(token)
          .start(asked)
          .then(
            () => "taken",
            () => "refused",
          );
      })
      .toBe("taken");
    expect((await refusalOf(runs(old).start(asked))).reason).toBe("UNAUTHENTICATED");
  });

  it("costs its issuer one question in a while, whatever keys tokens name, and nothing is forgotten while it is away", async () => {
    const token = await guarded.issuer.token({ groups: ["staff"], org: "default" });
    await runs(token).start(asked);
    await guarded.issuer.away(true);
    await Promise.all(Array.from({ length: 10 }, () => refusal({}, { kid: "unheard-of" })));
    await runs(token).start(asked);
    await guarded.issuer.away(false);
    const before = await guarded.issuer.asked("/keys");
    const begun = performance.now();
    await Promise.all(Array.from({ length: 40 }, () => refusal({}, { kid: "unheard-of" })));
    // Once in the 100 ms that the keys rest here, however long the machine takes.
    const most = 2 + (performance.now() - begun) / 100;
    expect((await guarded.issuer.asked("/keys")) - before).toBeLessThanOrEqual(most);
  });
});
