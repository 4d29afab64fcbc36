// A run of more than two thousand events on the desk, in a real browser.
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { Gate, type Step, until } from "../../src/index.js";
import { barriers, pressIn } from "../desk-page.js";
import { call, type DeskRun, ended, startRun, theApproval, waitingFor } from "../desk-run.js";
import { bar, type DeskOf, openRun, stateOf } from "./desk-runs.js";

const TURNS = 6;
const CALLS = 120;
/** What a call leaves: it is asked for, begins, and has a result. */
const EVENTS = 1 + TURNS * (1 + 3 * CALLS);
/** Of the turns before the connection is lost. */
const EARLY = 1 + (TURNS / 2) * (1 + 3 * CALLS);

/** Half a minute on two free cores. */
const PATIENTLY = { timeout: 300_000 };

export function longRunScenarios(of: DeskOf): void {
  it(
    "shows a run of more than 2,000 events whole and in order, through a lost connection, and goes on with it",
    PATIENTLY,
    async () => {
      const stack = of.stack();
      const gate = new Gate();
      const calls = (turn: number) => ({
        calls: Array.from({ length: CALLS }, (_, n) => ({ tool: "get_order", args: { order: `${turn}-${n}` } })),
      });
      const steps: Step[] = Array.from({ length: TURNS }, (_, turn) => async () => {
        if (turn === TURNS / 2) await gate.arrive();
        return calls(turn);
      });
      const run = await startRun(stack, "a long run", [
        ...steps,
        call("refund", { order_id: "ORD-long", amount: 5 }),
        { text: "ok" },
      ]);
      const page = await openRun(of, run);
      await page.getByText(`${EARLY.toLocaleString("en")} events, live`).waitFor({ timeout: 60_000 });

      // The rest happens while this page hears nothing.
      await stack.gateway().service.kill();
      await page.getByText("the connection is lost and tried again").waitFor();
      gate.open();
      await until("the model was asked once more", () => stack.model.asked(run.input).length > TURNS / 2 + 1);
      await stack.gateway().restart();
      await waitingFor(run);
      const waiting = (EVENTS + 3).toLocaleString("en");
      await page.getByText(`${waiting} events, live`).waitFor({ timeout: 60_000 });
      await stateOf(page, "Waits for people").waitFor();
      await expectWhole(page, await history(run));
      expect(await barriers(page)).toEqual([]);

      // Also in the picture, of which only what is in sight is in the page.
      expect(await page.locator(".bar").count()).toBeLessThan(60);
      await pressIn(page.locator(".bar"), "End", bar(page, "refund", "… waits for people"));

      // It goes on, and ends, while somebody looks at its last event.
      await page.locator(".event-head").last().scrollIntoViewIfNeeded();
      await run.handle.approve({ approvalId: (await theApproval(run)).approvalId });
      await ended(run);
      await stateOf(page, "Completed").waitFor();
      const all = await history(run);
      await page.getByText(`${all.length.toLocaleString("en")} events, all there are`).waitFor();
      const done = page.locator(`.event-head[data-row="${all.length - 1}"]`).filter({ hasText: "Done" });
      await pressIn(page.locator(".event-head"), "End", done);
      await expectWhole(page, all);
    },
  );

  /** The events that the server has, by their sequences. */
  async function history({ runId }: DeskRun): Promise<readonly bigint[]> {
    const { runs } = of.stack().rpc();
    const all: bigint[] = [];
    for (;;) {
      const { events, more } = await runs.getHistory({ runId, afterSequence: all.at(-1) ?? 0n });
      all.push(...events.map(({ sequence }) => sequence));
      if (!more) return all;
    }
  }
}

/** Scrolls from the first event to the last: each is there once, in its place, and few are in the page at any time. */
async function expectWhole(page: Page, sequences: readonly bigint[]): Promise<void> {
  const seen = (await page.evaluate(`new Promise((resolve) => {
    const seen = new Map();
    let most = 0;
    let wrong = [];
    // A key that led to the end still does for some frames: it measures the rows that it finds there.
    let atTop = 0;
    const begin = () => {
      atTop = scrollY === 0 ? atTop + 1 : 0;
      scrollTo(0, 0);
      requestAnimationFrame(atTop < 10 ? begin : step);
    };
    const step = () => {
      const rows = [...document.querySelectorAll(".event-head")].map((row) => [Number(row.dataset.row), row.firstChild.textContent]);
      most = Math.max(most, rows.length);
      rows.forEach(([at, number], index) => {
        if (index > 0 && rows[index - 1][0] >= at) wrong.push(number + " after its time");
        if (seen.has(at) && seen.get(at) !== number) wrong.push(number + " for " + seen.get(at));
        seen.set(at, number);
      });
      const before = scrollY;
      // The rows around what is in sight are in the page too.
      scrollBy(0, innerHeight * 1.2);
      if (scrollY > before) requestAnimationFrame(() => requestAnimationFrame(step));
      else resolve({ numbers: [...seen].sort(([a], [b]) => a - b).map(([, number]) => number), most, wrong });
    };
    begin();
  })`)) as { readonly numbers: readonly string[]; readonly most: number; readonly wrong: readonly string[] };
  expect(seen.wrong).toEqual([]);
  expect(seen.numbers).toEqual(sequences.map(String));
  expect(seen.most).toBeLessThan(100);
}
