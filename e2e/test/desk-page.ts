// A person at the desk: a page of a browser of their own, and what must never happen on any.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { eventually } from "@agentspan/servers/eventually";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { type FoundBrowser, launch } from "./desk-browser.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** Against what hangs. */
const PATIENCE_MS = 30_000;

/** Registers hooks that start and stop a browser; it is there from the first test on. */
export function withBrowser(found: FoundBrowser): Desks {
  const desks = new Desks();
  beforeAll(async () => {
    if ("path" in found) await desks.start(found.path);
  });
  afterAll(() => desks.stop());
  return desks;
}

export class Desks {
  #browser: Browser | undefined;
  readonly #contexts: BrowserContext[] = [];
  #troubles: string[] = [];

  async start(path: string): Promise<void> {
    this.#browser = await launch(path);
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
  }

  /** What browsers complained of: errors of scripts, and whatever the policy of the page did not let through. */
  takeTroubles(): readonly string[] {
    const troubles = this.#troubles;
    this.#troubles = [];
    return troubles;
  }

  /** Everybody gets up. */
  async leave(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
  }

  /** A person of their own, with storage of their own, at this address. Without scripts a page can do nothing by itself. */
  async open(url: string, key?: string, { scripts = true }: { readonly scripts?: boolean } = {}): Promise<Page> {
    if (this.#browser === undefined) throw new Error("The browser is started in beforeAll, and it did not start.");
    const context = await this.#browser.newContext({
      viewport: { width: 1_200, height: 800 },
      reducedMotion: "reduce",
      javaScriptEnabled: scripts,
    });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", ({ message }) => this.#troubles.push(message));
    page.on("console", (said) => {
      const text = said.text();
      // A server that is away, and a call that it refuses, are told to the console by the browser itself.
      if (said.type() === "error" && !/Failed to load resource/.test(text)) this.#troubles.push(text);
    });
    page.on("dialog", (dialog) => {
      this.#troubles.push(`A dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url);
    if (key !== undefined) await signIn(page, key);
    return page;
  }
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel("API key or token").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** The rows of the inbox that have this text. */
export function rows(page: Page, text: string | RegExp): Locator {
  return page.locator(".row").filter({ hasText: text });
}

/** Opens the page of one approval, as its row would. */
export async function openApproval(
  page: Page,
  { runId, approvalId }: { readonly runId: string; readonly approvalId: string },
): Promise<void> {
  await page.goto(new URL(`/approvals/${runId}/${approvalId}`, page.url()).href);
  await page.locator("article.approval").waitFor();
}

/** Presses a key in a list, and again as somebody would who sees nothing come of it: the list may be drawn meanwhile. */
export async function pressIn(list: Locator, key: string, leadsTo: Locator): Promise<void> {
  await eventually(async () => {
    await list.first().press(key);
    await leadsTo.waitFor({ timeout: 5_000 });
  });
}

/** What of the page some people could not use, by WCAG A and AA, in words. */
export async function barriers(page: Page): Promise<readonly string[]> {
  // The policy of the page lets no other script in; the browser's own side is outside of it.
  await page.evaluate(AXE);
  const found = await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(AA)} })`);
  const { violations } = found as { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] };
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  );
}
