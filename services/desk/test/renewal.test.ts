import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Provider, ProviderTokens, SignedIn } from "../src/session/provider.js";
import { Renewal } from "../src/session/renewal.js";
import { SessionStore } from "../src/session/session.js";
import { SignInError } from "../src/session/sign-in-error.js";
import { storage } from "./tab-storage.js";

const PROVIDER: Provider = { issuer: "https://id.acme.test", clientId: "desk", scopes: ["openid"], token: "access" };
const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function tokens(more: Partial<ProviderTokens> = {}): ProviderTokens {
  const [givenAt, endsAt] = [Date.now(), Date.now() + 4 * MINUTE];
  return { issuer: PROVIDER.issuer, idToken: "id", refreshToken: "refresh", givenAt, endsAt, ...more };
}

function desk(more: Partial<ProviderTokens> = {}, providers: readonly Provider[] = [PROVIDER]) {
  const session = new SessionStore(storage());
  session.signIn("one", tokens(more));
  let given = 0;
  const asked = vi.fn<(provider: Provider, before: ProviderTokens) => Promise<SignedIn>>(async () => {
    given += 1;
    return { credential: `another ${given}`, tokens: tokens(more) };
  });
  return { session, asked, renewal: new Renewal(session, async () => providers, asked) };
}

const away = () => new SignInError("away", { cause: new TypeError("fetch failed") });

describe("a credential of an identity provider", () => {
  it("is renewed before it ends, again and again", async () => {
    const { session, asked } = desk();
    await vi.advanceTimersByTimeAsync(2.9 * MINUTE);
    expect(asked).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(0.2 * MINUTE);
    expect(session.get().credential).toBe("another 1");
    await vi.advanceTimersByTimeAsync(3.1 * MINUTE);
    expect(session.get().credential).toBe("another 2");
  });

  it("is asked for again while the provider is away, and no more where it says no", async () => {
    const { session, asked } = desk();
    asked.mockRejectedValueOnce(away()).mockRejectedValueOnce(new SignInError("invalid_grant"));
    await vi.advanceTimersByTimeAsync(3.2 * MINUTE);
    expect(asked).toHaveBeenCalledTimes(2);
    expect(session.get()).toMatchObject({ credential: "one" });
    expect(session.get().tokens).not.toHaveProperty("refreshToken");
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it("that is refused after a sleep is renewed once for all who were refused", async () => {
    const { session, asked, renewal } = desk({ givenAt: Date.now() - MINUTE, endsAt: Date.now() + 4 * MINUTE });
    expect(await Promise.all([renewal.recover("one"), renewal.recover("one")])).toEqual([true, true]);
    expect(asked).toHaveBeenCalledTimes(1);
    // Whoever asked with the old one need only ask again.
    expect(await renewal.recover("one")).toBe(true);
    expect([asked.mock.calls.length, session.get().credential]).toEqual([1, "another 1"]);
  });

  it("that is refused when it was just given is not asked for again and again", async () => {
    const { asked, renewal } = desk();
    expect(await renewal.recover("one")).toBe(false);
    expect(asked).not.toHaveBeenCalled();
  });

  it("is not put in place of another one, or of none", async () => {
    const { session, asked, renewal } = desk({ givenAt: Date.now() - MINUTE, endsAt: Date.now() + 4 * MINUTE });
    asked.mockImplementationOnce(async () => {
      session.signOut();
      return { credential: "late", tokens: tokens() };
    });
    expect(await renewal.recover("one")).toBe(false);
    expect(session.get().credential).toBe("");
    session.signIn("agsp_key");
    expect(await renewal.recover("agsp_key")).toBe(false);
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    expect(session.get().credential).toBe("agsp_key");
  });

  it("is renewed with the issuer that gave it, where the server has that still", async () => {
    const before = { givenAt: Date.now() - MINUTE, endsAt: Date.now() + 4 * MINUTE };
    const { renewal, asked } = desk(before, [{ ...PROVIDER, issuer: "https://other.acme.test" }]);
    expect(await renewal.recover("one")).toBe(false);
    expect(asked).not.toHaveBeenCalled();
  });
});
