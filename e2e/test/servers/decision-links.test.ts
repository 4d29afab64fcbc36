// Decision links while authentication is off, where the link's person is recorded: what scanners do to them, single use
// under races and deaths, what they are bound to, and their page in a browser that runs no scripts.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DecisionLinkStatement, decisionLinkToken, readDecisionLink, TrustedKeys } from "@agentspan/internal";
import type { DecisionLink } from "@agentspan/proto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/index.js";
import { findBrowser } from "../desk-browser.js";
import { barriers, withBrowser } from "../desk-page.js";
import { call, type DeskRun, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { dyingAt } from "../dying.js";
import { audited, linkAt, look, type Seen, send } from "../link-page.js";
import { agentWith, begunIn } from "../policy-desk.js";
import { keyOf } from "../signed-run.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ gateways: 2, signed: true, env: { AGENTSPAN_ALLOW_FAULTS: "yes" } });

interface Asked {
  readonly run: DeskRun;
  readonly link: DecisionLink;
  /** At either gateway. */
  readonly urls: readonly [string, string];
}

async function linkTo(run: DeskRun, person: string, more: { readonly expiresAt?: number } = {}): Promise<Asked> {
  const { expiresAt } = more;
  const asked = { runId: run.runId, person, ...(expiresAt && { expiresAt: timestampFromMs(expiresAt) }) };
  const { link } = await stack.current.rpc().approvals.createDecisionLink(asked);
  if (link === undefined) throw new Error("There is no link.");
  return { run, link, urls: [linkAt(stack.current.gateway(0), link), linkAt(stack.current.gateway(1), link)] };
}

async function asked(name: string, args: object = REFUND, tool = "refund"): Promise<Asked> {
  const run = await startRun(stack.current, name, [call(tool, args), { text: "ok" }]);
  await theApproval(run);
  return linkTo(run, "maria");
}

async function decisionsOf({ runId }: DeskRun) {
  const { events } = await stack.current.rpc().runs.getHistory({ runId });
  return events.flatMap<object | undefined>(({ event }) =>
    event.case === "decided" ? [event.value.decision] : event.case === "voted" ? [event.value.vote] : [],
  );
}

const APPROVE = { act: "approve", comment: "fine", preview: "" };
const REJECT = { act: "reject", reason: "too much" };
const titleOf = ({ text }: Seen) => /<h1>(.*?)<\/h1>/.exec(text)?.[1];

describe("a decision link", () => {
  it("shows what is decided to whoever looks, however often, and decides nothing by that", async () => {
    const { run, urls } = await asked("scanned");
    const before = (await run.handle.getStatus()).lastSequence;
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, n) => look(urls[n % 2 === 0 ? 0 : 1], n % 3 === 0 ? "HEAD" : "GET")),
    );
    for (const { status, headers } of seen) {
      expect(status).toBe(200);
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-robots-tag")).toBe("noindex, nofollow");
      const policy = headers.get("content-security-policy") ?? "";
      expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-\S+'; form-action 'self'; base-uri 'none'/);
    }
    const texts = new Set(seen.map(({ text }) => text));
    expect(texts.size).toBe(2);
    const [page = ""] = [...texts].filter((text) => text !== "");
    for (const shown of ["refund", "desk", "anonymous", "maria", "ORD-8821", "29.99", "requires approval"]) {
      expect(page).toContain(shown);
    }
    expect(page).not.toMatch(/<script|javascript:|https?:\/\//);
    const { lastSequence, isWaiting } = await run.handle.getStatus();
    expect({ lastSequence, isWaiting }).toEqual({ lastSequence: before, isWaiting: true });
  });

  it("decides once, for its person, and gives the same form the same answer at every gateway", async () => {
    const { run, link, urls } = await asked("once");
    const first = await send(urls[0], APPROVE);
    expect([first.status, titleOf(first)]).toEqual([200, "Approved"]);
    expect(await send(urls[1], APPROVE)).toMatchObject({ status: 200, text: first.text });
    await ended(run);
    expect(begunIn(stack.current, run.runId)).toBe(1);
    const [decision, ...more] = await decisionsOf(run);
    expect(more).toEqual([]);
    expect(decision).toMatchObject({ decisionId: link.linkId, onBehalfOf: "maria", comment: "fine" });
    for (const other of [REJECT, { ...APPROVE, comment: "again" }]) {
      const late = await send(urls[1], other);
      expect([late.status, titleOf(late)]).toEqual([409, "This link has been used"]);
      expect(late.text).toContain("<strong>Approved</strong> by <bdi>maria</bdi>");
    }
    expect((await look(urls[0])).status).toBe(410);
    const made = await audited(stack.current.gateway(), ["link_made"]);
    expect(made.filter((entry) => entry.run === link.linkId)).toMatchObject([
      { about: run.runId, person: "maria", who: "anonymous", tool: "refund" },
    ]);
    expect(JSON.stringify(made)).not.toContain(link.url);
    expect(stack.current.logs()).not.toContain(link.url.slice("/decide/".length));
  });

  it("is decided once by whoever is first of many at the same instant, over two gateways and two orchestrators", async () => {
    const further = await stack.current.addOrchestrator();
    const { run, link, urls } = await asked("raced");
    const forms = Array.from({ length: 24 }, (_, n) => (n % 2 === 0 ? APPROVE : { ...REJECT, reason: `no ${n % 3}` }));
    const seen = await Promise.all(forms.map((form, n) => send(urls[n % 3 === 0 ? 0 : 1], form)));
    const decisions = await decisionsOf(run);
    expect(decisions).toMatchObject([{ decisionId: link.linkId, onBehalfOf: "maria" }]);
    const winners = seen.flatMap(({ status }, n) => (status === 200 ? [JSON.stringify(forms[n])] : []));
    expect(new Set(winners).size).toBe(1);
    for (const [n, one] of seen.entries()) {
      const won = winners.includes(JSON.stringify(forms[n]));
      expect([one.status, titleOf(one)]).toEqual(won ? [200, expect.any(String)] : [409, "This link has been used"]);
    }
    await stack.current.remove(further);
  });

  it.each(["orchestrator.before-commit", "orchestrator.after-commit"] as const)(
    "is answered like the first time once who took it has died, %s",
    async (point) => {
      const { run, urls } = await asked(`died ${point}`);
      await dyingAt(stack.current, point, () => send(urls[0], APPROVE));
      const again = await until("it is answered", async () => {
        const seen = await send(urls[1], APPROVE);
        return seen.status === 200 && seen;
      });
      expect(titleOf(again)).toBe("Approved");
      expect(await decisionsOf(run)).toHaveLength(1);
      await ended(run);
    },
  );

  it("is one vote of a quorum, and is about no other arguments than those that it was made for", async () => {
    const agent = agentWith("desk_quorum", { get_order: { votes: 2 } });
    const run = await startRun(stack.current, "quorum", [call("get_order", { n: 1 }), { text: "ok" }], { agent });
    const { approvalId } = await theApproval(run);
    const [maria, again] = [await linkTo(run, "maria"), await linkTo(run, "maria")];
    const voted = await send(maria.urls[0], APPROVE);
    expect([voted.status, titleOf(voted)]).toEqual([200, "Your vote is recorded"]);
    expect(voted.text).toContain("1 more person");
    const looked = await look(maria.urls[1]);
    expect([looked.status, titleOf(looked)]).toEqual([200, "Your vote is recorded"]);
    expect(looked.text).not.toContain("<form");
    expect(titleOf(await send(maria.urls[0], REJECT))).toBe("This link has been used");
    expect(titleOf(await send(again.urls[1], APPROVE))).toBe("Your vote is recorded");
    const before = await linkTo(run, "noah");
    await stack.current
      .runtime()
      .handle(run.runId)
      .approve({ approvalId, editedArguments: { n: 2 }, onBehalfOf: "robin" });
    for (const seen of [await look(before.urls[0]), await send(before.urls[0], APPROVE)]) {
      expect([seen.status, titleOf(seen)]).toEqual([409, "It is about something else by now"]);
    }
    // Her vote was about what is asked no longer.
    expect(titleOf(await send(maria.urls[0], APPROVE))).toBe("It is about something else by now");
    const after = await linkTo(run, "noah");
    expect(titleOf(await send(after.urls[0], APPROVE))).toBe("Approved");
    await ended(run);
    const [last] = (await decisionsOf(run)).slice(-1);
    expect(last).toMatchObject({ decisionId: after.link.linkId, onBehalfOf: "noah" });
    expect((await look(maria.urls[0])).text).toContain("about other arguments than those that this link was for");
  });

  it("tells whose vote was one of several what became of it, and asks them nothing more", async () => {
    const agent = agentWith("desk_two_votes", { get_order: { votes: 2 } });
    const run = await startRun(stack.current, "two votes", [call("get_order", { n: 1 }), { text: "ok" }], { agent });
    await theApproval(run);
    const [maria, noah] = [await linkTo(run, "maria"), await linkTo(run, "noah")];
    await send(maria.urls[0], APPROVE);
    expect(titleOf(await send(noah.urls[0], APPROVE))).toBe("Approved");
    for (const seen of [await look(maria.urls[0]), await send(maria.urls[1], APPROVE)]) {
      expect(titleOf(seen)).toBe("It is decided");
      expect(seen.text).toMatch(/<strong>Approved<\/strong> by <bdi>noah<\/bdi>[\s\S]*is on record with it/);
    }
    await ended(run);
  });

  it("decides nothing once its time, its approval or its run is over, or somebody was faster", async () => {
    const { run, urls } = await asked("over");
    const short = await linkTo(run, "maria", { expiresAt: Date.now() + 1_000 });
    await until("it is over", async () => (await look(short.urls[0])).status === 410);
    const late = await send(short.urls[0], APPROVE);
    expect([late.status, titleOf(late)]).toEqual([410, "This link is over"]);
    await stack.current.runtime().handle(run.runId).reject("too expensive", { onBehalfOf: "noah" });
    const faster = await send(urls[0], APPROVE);
    expect([faster.status, titleOf(faster)]).toEqual([409, "Somebody was faster"]);
    expect(faster.text).toMatch(/<strong>Rejected<\/strong> by <bdi>noah<\/bdi>, <time.*“<bdi>too expensive/);
    expect((await look(urls[0])).status).toBe(410);
    expect(await decisionsOf(run)).toHaveLength(1);
    const other = await asked("cancelled");
    await other.run.handle.cancel("a mistake");
    for (const seen of [await look(other.urls[0]), await send(other.urls[0], APPROVE)]) {
      expect([seen.status, titleOf(seen)]).toEqual([410, "This is not open any more"]);
    }
  });

  it("is none where it was changed, or is of another namespace or run, and no other page sends its forms", async () => {
    const { run, link, urls } = await asked("forged");
    const token = link.url.slice("/decide/".length);
    const places = [3, Math.floor(token.length / 2), token.indexOf(".") + 2, token.length - 3];
    for (const at of places) {
      const changed = `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
      const url = linkAt(stack.current.gateway(), { url: `/decide/${changed}` });
      for (const seen of [await look(url), await send(url, APPROVE)]) expect(seen.status).toBe(404);
    }
    const list = TrustedKeys.read(readFileSync(join(stack.current.keysFolder, "trusted-keys.json"), "utf8"));
    const said = list instanceof TrustedKeys ? readDecisionLink(token, list) : undefined;
    const forged = (change: Partial<DecisionLinkStatement>, signer: "orchestrators" | "gateways" = "orchestrators") => {
      const made = decisionLinkToken({ ...said, ...change } as DecisionLinkStatement, keyOf(stack.current, signer));
      return linkAt(stack.current.gateway(), { url: `/decide/${made}` });
    };
    expect((await look(forged({}))).status).toBe(200);
    const elsewhere = [forged({ namespace: "other" }), forged({ run: "run_other" }), forged({}, "gateways")];
    for (const url of elsewhere) expect((await send(url, APPROVE)).status).toBe(404);
    const foreign = [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "none" }, { origin: "null" }];
    for (const headers of [...foreign, { origin: "https://evil.test" }, { origin: "http://127.0.0.1:1" }]) {
      expect((await send(urls[0], APPROVE, headers)).status, JSON.stringify(headers)).toBe(403);
    }
    const odd = await fetch(urls[0], { method: "PUT" });
    expect([odd.status, odd.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
    const json = { method: "POST", body: JSON.stringify(APPROVE), headers: { "content-type": "application/json" } };
    expect((await fetch(urls[0], json)).status).toBe(415);
    for (const reason of ["   ", "\u200b\u2800"]) {
      const said = await send(urls[0], { ...REJECT, reason });
      expect([said.status, said.text.includes("Say why not: the model is told.")]).toEqual([400, true]);
    }
    expect((await send(urls[0], { ...REJECT, reason: "x".repeat(3_000_000) })).status).toBe(400);
    expect(await decisionsOf(run)).toEqual([]);
  });

  it("shows 200 kB and markup as the text that they are", async () => {
    const evil = `<img src=x onerror="alert(1)"></div><form>\u202Egnp.exe${"\u200b".repeat(3)} p\u0430ypal`;
    const { urls } = await asked(
      "markup",
      { body: "0123456789".repeat(20_000), evil, nested: { "<b>": [evil] } },
      "email",
    );
    const { text } = await look(urls[0]);
    expect(text).toContain("0123456789".repeat(20_000));
    expect(text).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
    expect(text).not.toMatch(/<img|<b>/);
    expect(text).toContain('<mark title="right-to-left override">U+202E</mark>');
    expect(text).toContain("U+200B ×3");
    expect(text).toMatch(/8 characters in it cannot be seen/);
    expect(text).toContain("letters of Latin and Cyrillic in one word");
    expect(text).not.toMatch(/[\u202e\u200b]/);
  });
});

const browser = await findBrowser();

describe.skipIf("missing" in browser)("the page of a decision link in a browser", () => {
  const desks = withBrowser(browser);
  afterEach(async () => {
    await desks.leave();
    expect(desks.takeTroubles()).toEqual([]);
  });
  const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true }).waitFor();

  it("decides without any script, by keyboard too, and everybody can use it", async () => {
    const [one, two] = [await asked("by hand"), await asked("by hand, no")];
    const page = await desks.open(one.urls[0], undefined, { scripts: false });
    await heading(page, "May refund run?");
    await page.getByLabel("Comment").fill("looked at it");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await heading(page, "Approved");
    await page.reload();
    await heading(page, "Approved");
    await ended(one.run);
    await page.goto(two.urls[1]);
    await page.getByRole("button", { name: "Reject" }).click();
    expect(await decisionsOf(two.run)).toEqual([]);
    await page.getByLabel("Why not?").fill("not\nthis one");
    await page.getByRole("button", { name: "Reject" }).click();
    await heading(page, "Rejected");
    expect(await decisionsOf(two.run)).toMatchObject([{ comment: "not\nthis one", onBehalfOf: "maria" }]);

    const looked = await desks.open((await asked("looked at")).urls[0]);
    expect(await barriers(looked)).toEqual([]);
    if (process.env.UPDATE_SCREENSHOTS !== undefined) {
      await looked.screenshot({ path: process.env.UPDATE_SCREENSHOTS, fullPage: true });
    }
    await looked.goto(one.urls[0]);
    await heading(looked, "This link has been used");
    expect(await barriers(looked)).toEqual([]);
  });
});
