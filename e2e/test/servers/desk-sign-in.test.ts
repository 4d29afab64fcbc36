// People who sign in at the desk with an identity provider, in a real browser, at a real one in a process of its own.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentRuntime } from "@agentspan/sdk";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deskAgent, Stack, until } from "../../src/index.js";
import { findBrowser } from "../desk-browser.js";
import { barriers, withBrowser } from "../desk-page.js";
import { call, theApproval } from "../desk-run.js";
import { askingForKeys, holder } from "../key-holders.js";
import { IdentityProvider } from "../sign-in/provider.js";

const browser = await findBrowser();
const SHOP = holder("shop", ["runner"]);

describe.skipIf("missing" in browser)("whoever signs in with an identity provider", () => {
  const desks = withBrowser(browser);
  let provider: IdentityProvider;
  let stack: Stack;
  let folder: string;
  const runtimes: AgentRuntime[] = [];

  beforeAll(async () => {
    provider = await IdentityProvider.start();
    folder = await mkdtemp(join(tmpdir(), "agentspan-sign-in-"));
    const clientSecretFile = join(folder, "client-secret");
    await writeFile(clientSecretFile, `${provider.confidential.secret}\n`, { mode: 0o600 });
    const issuer = {
      ...{ issuer: provider.url, audience: "agentspan", clockToleranceSeconds: 0 },
      roles: { "support-leads": ["runner", "approver"] },
      desk: { clientId: "desk", resource: "https://agentspan.acme.test" },
    };
    const confidential = {
      ...{ issuer: provider.confidential.url, audience: "desk", clockToleranceSeconds: 0 },
      ...{ requiredClaims: { hd: "acme.test" }, subjectClaim: "email", groupsClaim: "hd" },
      roles: { "acme.test": ["approver"] },
      desk: {
        ...{ clientId: "desk", clientSecretFile, token: "id", scopes: ["openid", "email", "profile"] },
        authorizationParameters: { access_type: "offline" },
      },
    };
    stack = await Stack.start({
      signed: true,
      env: {
        ...askingForKeys([SHOP]),
        AGENTSPAN_OIDC_ISSUERS: JSON.stringify([issuer, confidential]),
      },
    });
    await provider.begin([stack.gateway().url]);
  });
  beforeEach(() => provider.set({ audience: "agentspan", seconds: 600, away: false }));
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") process.stderr.write(`${stack.logs()}\n`);
    await desks.leave();
    expect(desks.takeTroubles()).toEqual([]);
  });
  afterAll(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.shutdown()));
    await stack?.stop();
    await provider?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const button = (page: Page, { url }: { readonly url: string } = provider) =>
    page.getByRole("button", { name: `Sign in with ${new URL(url).host}` });
  const kept = async (page: Page) =>
    (await page.evaluate("sessionStorage.getItem('agentspan.credential') ?? ''")) as string;
  const inbox = (page: Page) => page.getByRole("heading", { name: "Waiting for people" });
  const alert = (page: Page, text: string | RegExp) => page.getByRole("alert").filter({ hasText: text });

  async function go(page: Page, who: string, act = "Continue"): Promise<void> {
    await button(page).click();
    await page.getByLabel("Who are you?").fill(who);
    await page.getByRole("button", { name: act }).click();
  }

  async function signedIn(path = "/"): Promise<Page> {
    const page = await desks.open(new URL(path, stack.gateway().url).href);
    await go(page, "maria");
    return page;
  }

  it("is known by name, decides as who they are, and leaves nothing behind", async () => {
    const runtime = new AgentRuntime({ url: stack.gateway().url, apiKey: SHOP.text });
    runtimes.push(runtime);
    const input = stack.model.script("signed in", [call("refund", { order_id: "ORD-1", amount: 1 }), { text: "ok" }]);
    const handle = await runtime.start(deskAgent(), input, { serve: false });
    const { approvalId } = await theApproval({ handle, runId: handle.runId, input });

    const place = `/approvals/${handle.runId}/${approvalId}`;
    const page = await desks.open(new URL(place, stack.gateway().url).href);
    await button(page).waitFor();
    expect(await barriers(page)).toEqual([]);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await go(page, "maria");
    await page.locator("article.approval").waitFor();
    expect(new URL(page.url()).pathname).toBe(place);
    expect(page.url()).not.toContain("code=");
    const token = await kept(page);
    expect(token.split(".")).toHaveLength(3);
    expect(asked.filter((one) => one.includes(token))).toEqual([]);
    await page.getByText("Maria Sanz").click();
    await page.getByText("support-leads").waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Approved. The call runs now.").waitFor();
    await handle.result();
    const decided = [];
    for await (const event of handle.stream()) if (event.type === "decided") decided.push(event);
    expect(decided).toMatchObject([{ decision: { decidedBy: "maria" } }]);
    await page.reload();
    await page.getByText("Maria Sanz").waitFor();

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Leave" }).click();
    await button(page).waitFor();
    expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain("ey");
    // At the provider too: it asks who they are.
    await button(page).click();
    await page.getByLabel("Who are you?").waitFor();
  });

  it("goes on when the token ends, for as long as the provider gives another", async () => {
    await provider.set({ seconds: 6 });
    const page = await signedIn();
    await inbox(page).waitFor();
    const first = await kept(page);
    await until("there is another token", async () => (await kept(page)) !== first, { withinMs: 30_000 });
    const second = await kept(page);
    await until("and another", async () => (await kept(page)) !== second, { withinMs: 30_000 });
    await page.getByText("Live", { exact: true }).waitFor();
    await inbox(page).waitFor();

    await provider.forget();
    await alert(page, "Your sign-in is over").waitFor();
    expect(await page.evaluate("JSON.stringify(sessionStorage)")).not.toContain("ey");
    await provider.set({ seconds: 600 });
    await go(page, "maria");
    await inbox(page).waitFor();
  });

  it("signs in and goes on where the provider wants a secret, and lets no page ask it", async () => {
    await provider.set({ seconds: 6 });
    const page = await desks.open(stack.gateway().url);
    const asked: URL[] = [];
    page.on("request", (request) => {
      if (!request.isNavigationRequest()) asked.push(new URL(request.url()));
    });
    await button(page, provider.confidential).click();
    await page.getByLabel("Who are you?").fill("maria");
    await page.getByRole("button", { name: "Continue" }).click();
    await inbox(page).waitFor();
    const first = await kept(page);
    await until("there is another token", async () => (await kept(page)) !== first, { withinMs: 30_000 });
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByText("Maria Sanz").click();
    await page.getByText("maria@acme.test").waitFor();
    expect(await barriers(page)).toEqual([]);
    expect(new Set(asked.map(({ origin }) => origin))).toEqual(new Set([new URL(stack.gateway().url).origin]));
    expect(asked.filter(({ pathname }) => pathname === "/desk/token").length).toBeGreaterThan(1);

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Leave" }).click();
    await button(page, provider.confidential).waitFor();
    expect(asked.map(({ pathname }) => pathname)).toContain("/desk/revoke");
    expect(stack.logs()).not.toContain(provider.confidential.secret);

    // Of that domain alone.
    await provider.set({ seconds: 600 });
    await button(page, provider.confidential).click();
    await page.getByLabel("Who are you?").fill("kim");
    await page.getByRole("button", { name: "Continue" }).click();
    await alert(page, "hd is not what this server asks").waitFor();
  });

  it("is told why they are not let in: provider away, refused, no role, for somebody else, another time", async () => {
    const page = await desks.open(stack.gateway().url);
    await button(page).waitFor();
    await provider.set({ away: true });
    await button(page).click();
    await alert(page, "cannot be reached").waitFor();
    await provider.set({ away: false });
    await go(page, "maria", "Cancel");
    await alert(page, "The identity provider refused").filter({ hasText: "U+202E" }).waitFor();
    expect(await barriers(page)).toEqual([]);

    await provider.set({ audience: "payroll" });
    await go(page, "maria");
    await alert(page, "its audience is not this server").waitFor();
    await provider.set({ audience: "agentspan" });

    const other = await desks.open(stack.gateway().url);
    await go(other, "kim");
    await alert(other, "You may not look at approvals").filter({ hasText: "Kim Ek (kim), with no role" }).waitFor();
    expect(await barriers(other)).toEqual([]);

    const late = await desks.open(stack.gateway().url);
    await button(late).waitFor();
    await late.clock.setFixedTime(Date.now() + 7_200_000);
    await go(late, "maria");
    await late.clock.setFixedTime(Date.now() + 7_200_000);
    await alert(late, "the clock of this computer").waitFor();
  });

  it("is signed in by nothing that they did not begin in this tab", async () => {
    const made = `/signed-in?code=made-up&state=made-up&iss=${encodeURIComponent(provider.url)}`;
    const page = await desks.open(new URL(made, stack.gateway().url).href);
    await alert(page, "not begun in this tab").waitFor();
    expect(page.url()).not.toContain("code=");
    // Somebody else's answer, for a sign-in that was begun here.
    await button(page).click();
    await page.getByLabel("Who are you?").waitFor();
    await page.goto(new URL(made, stack.gateway().url).href);
    await alert(page, "was not taken").waitFor();
    expect(await kept(page)).toBe("");
  });
});
