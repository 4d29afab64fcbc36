// Workers with one fault each: the scenario of the behaviour that it breaks notices, and says so.
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { World } from "../../src/index.js";
import { scenarioOf } from "../conformance.js";

const PROGRAM = fileURLToPath(new URL("../../bundle/broken-driver.js", import.meta.url));
/** What must come comes sooner than this, and what a fault keeps from coming is waited for as long. */
const PATIENCE_MS = 6_000;

interface Mutant {
  readonly fault: string;
  /** The number of the behaviour that it lacks. */
  readonly lacks: number;
  /** What its scenario says. */
  readonly noticed: RegExp;
}

const MUTANTS: readonly Mutant[] = [
  { fault: "has one incarnation for ever", lacks: 1, noticed: /expected 1 to be 2/ },
  { fault: "gives up where nobody answers its registration", lacks: 2, noticed: /ended before it was ready/ },
  { fault: "does not register again", lacks: 3, noticed: /registers again after a heartbeat/ },
  { fault: "keeps from others what it cannot do", lacks: 3, noticed: /c1\/1 has an outcome/ },
  { fault: "takes more than it has room for", lacks: 5, noticed: /expected false to be true/ },
  { fault: "has a short nonce", lacks: 6, noticed: /expected 16 to be greater than or equal to 22/ },
  { fault: "asks first whoever is there", lacks: 6, noticed: /to deeply equal/ },
  { fault: "acknowledges hints before their claims are answered", lacks: 7, noticed: /somebody is at it/ },
  { fault: "acknowledges no hint", lacks: 7, noticed: /the hint is acknowledged/ },
  { fault: "calls each function twice", lacks: 8, noticed: /length of 1 but got 2/ },
  { fault: "believes whoever grants", lacks: 11, noticed: /was begun/ },
  { fault: "believes whoever grants", lacks: 12, noticed: /was begun/ },
  { fault: "believes whoever grants", lacks: 13, noticed: /was begun/ },
  { fault: "believes whoever grants", lacks: 14, noticed: /was begun/ },
  { fault: "opens its owner's gates", lacks: 16, noticed: /was begun/ },
  { fault: "hands all back as too late", lacks: 15, noticed: /TOO_LATE/ },
  { fault: "says why in no words", lacks: 17, noticed: /order_id/ },
  { fault: "has no clock", lacks: 18, noticed: /was begun/ },
  { fault: "reads large numbers as others", lacks: 19, noticed: /9007199254740992/ },
  { fault: "loses keys that are special to it", lacks: 19, noticed: /__proto__/ },
  { fault: "tells another key", lacks: 20, noticed: /key-of-the-call-2/ },
  { fault: "tells no deadline", lacks: 21, noticed: /has written cancelled/ },
  { fault: "is silent when idle", lacks: 22, noticed: /10 more heartbeats/ },
  { fault: "does not count its heartbeats", lacks: 22, noticed: /to deeply equal/ },
  { fault: "names only what has begun", lacks: 23, noticed: /has written begin/ },
  { fault: "says of nothing that it has begun", lacks: 23, noticed: /says that it has begun/ },
  { fault: "names nothing", lacks: 24, noticed: /in hand for several leases/ },
  { fault: "tells no digest", lacks: 25, noticed: /has an outcome/ },
  { fault: "tells an outcome once", lacks: 26, noticed: /told four times/ },
  { fault: "takes no refusal of an outcome for a wish to register", lacks: 27, noticed: /has an outcome/ },
  { fault: "tells an outcome again whatever is answered", lacks: 28, noticed: /length of 1 but got 2/ },
  { fault: "takes every failure for one that may be tried again", lacks: 29, noticed: /retryable/ },
  { fault: "takes every failure for one that may be tried again", lacks: 30, noticed: /expected true to be false/ },
  { fault: "tells an outcome once", lacks: 31, noticed: /has an outcome/ },
  { fault: "does not heed what is to stop", lacks: 32, noticed: /has an outcome/ },
  { fault: "takes unknown for no", lacks: 33, noticed: /UNKNOWN/ },
  { fault: "keeps from others what it cannot do", lacks: 34, noticed: /is put back/ },
  { fault: "answers another preview", lacks: 35, noticed: /expected 4 to be 3/ },
  { fault: "hands all back as too late", lacks: 36, noticed: /SHUTTING_DOWN/ },
  { fault: "takes what it does not know for a probe", lacks: 40, noticed: /its hint is acknowledged/ },
];

describe("a worker", () => {
  for (const { fault, lacks, noticed } of MUTANTS) {
    it.concurrent(`that ${fault} does not pass ${lacks}`, async () => {
      const command = [process.execPath, PROGRAM] as const;
      const broken = { language: "typescript", command, env: { CONFORMANCE_FAULT: fault } };
      const world = await World.start(broken, { patienceMs: PATIENCE_MS });
      try {
        expect(await complaint(scenarioOf(lacks)(world))).toMatch(noticed);
      } finally {
        await world.stop();
      }
    });
  }
});

/** What a scenario complains of, with what it saw and what it wanted to see. */
async function complaint(scenario: Promise<void>): Promise<string> {
  try {
    await scenario;
  } catch (error) {
    const { actual, expected } = error as { readonly actual?: unknown; readonly expected?: unknown };
    return `${error}\n${inspect(actual, { depth: 5 })}\n${inspect(expected, { depth: 5 })}`;
  }
  return "nothing";
}
