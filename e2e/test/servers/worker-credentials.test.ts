// Where there is a key for permits: a worker serves what its credentials name, in its own name, and nothing else.
import { readFileSync } from "node:fs";
import {
  consumerName,
  natsAddress,
  readCredentials,
  TASK_STREAM,
  taskSubject,
  type WorkerCredentials,
  workerInboxPrefix,
  workerSubject,
} from "@agentspan/internal";
import type { WorkerPermit } from "@agentspan/proto";
import { connect, nkeyAuthenticator } from "nats";
import { afterEach, describe, expect, it } from "vitest";
import { credentialsFile, deskAgent, RawWorker, toldOf, until } from "../../src/index.js";
import { call, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { type Made, named, permitFor } from "../made-permit.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ orchestrators: 2, signed: true, permits: true });
const raw: RawWorker[] = [];

afterEach(async () => {
  await Promise.all(raw.splice(0).map((worker) => worker.close()));
});

const REFUNDS = [{ queue: "desk", name: "refund" }];

/** With every right at NATS, so that nothing but the permit stands in its way. */
async function stranger(workerId = "stranger"): Promise<RawWorker> {
  const worker = await RawWorker.connect(stack.current.servers.natsUrl, workerId);
  raw.push(worker);
  return worker;
}

function credentialsOf(workerId: string): WorkerCredentials {
  const read = readCredentials(readFileSync(credentialsFile(stack.current.keysFolder, workerId), "utf8"));
  if (read === undefined) throw new Error("These are no credentials.");
  return read;
}

function permit(made: Made): WorkerPermit {
  return permitFor(stack.current.keysFolder, made);
}

describe("a worker with credentials", () => {
  it("logs in with them, registers, and runs what a person approved", async () => {
    const run = await startRun(stack.current, "permitted", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.done(run.runId)).toHaveLength(1);
  });

  it("may do at NATS what its own tools take, and nothing of another's", async () => {
    const { nkeySeed = "" } = credentialsOf("worker-1");
    const { natsUrl } = stack.current.servers;
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(nkeySeed));
    const inboxPrefix = workerInboxPrefix("worker-1");
    const own = await connect({ ...natsAddress(natsUrl, undefined), authenticator, inboxPrefix });
    const violations = new Set<string>();
    void (async () => {
      for await (const { permissionContext } of own.status()) {
        if (permissionContext !== undefined) violations.add(permissionContext.subject);
      }
    })();
    try {
      const task = { namespace: "default", queue: "desk", tool: "refund", runId: "run_a", callId: "t1c1", attempt: 1 };
      const others = consumerName("default", "rogue", "refund");
      const forbidden = [
        workerSubject("worker-2", "claim"),
        `$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.${others}`,
        taskSubject(task),
        "agentspan.request",
      ];
      for (const subject of forbidden) own.publish(subject, "");
      const mine = consumerName("default", "desk", "refund");
      own.publish(`$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.${mine}`, "{}");
      await until("NATS refuses what is not its own", () => forbidden.every((subject) => violations.has(subject)));
      expect(violations.size).toBe(forbidden.length);
    } finally {
      await own.close();
    }
  });
});

describe("a worker that may not serve a tool is told why, and is granted nothing of it", () => {
  const cases: readonly (readonly [string, () => WorkerPermit | undefined, RegExp])[] = [
    [
      "without a permit",
      () => undefined,
      /shows no permit.*Make credentials for it with: agentspan worker credentials/,
    ],
    ["with another's", () => credentialsOf("worker-1").permit, /its permit is for worker-1/],
    [
      "with one for another tool",
      () => permit({ workers: ["stranger"], names: ["email"] }),
      /does not name tool refund/,
    ],
    ["with one that has ended", () => permit({ workers: ["stranger"], until: 1 }), /ended at 1970-01-01/],
    [
      "with one that an orchestrator signed",
      () => permit({ workers: ["stranger"], signer: "orchestrators" }),
      /that of an orchestrator, not of whoever permits workers/,
    ],
    [
      "with one in which a tool was put in",
      () => {
        const made = permit({ workers: ["stranger"], names: ["email"] });
        return { ...made, tools: [...made.tools, named({ namespace: "default", queue: "desk", name: "refund" })] };
      },
      /not of what it says/,
    ],
  ];

  it.each(cases)("%s", async (_, shows, why) => {
    const worker = await stranger();
    const { error } = await worker.register(REFUNDS, undefined, shows());
    expect(error?.reason).toBe("PERMISSION_DENIED");
    expect(error?.message).toMatch(why);
    const run = await startRun(stack.current, `no permit ${_}`, [call("email", {}), { text: "ok" }], {
      agent: deskAgent("nobody"),
    });
    const { callId } = await theApproval(run);
    expect(toldOf(await worker.claim({ runId: run.runId, callId }))).toBe("PERMISSION_DENIED");
  });

  it("and with one that names it, it is let in", async () => {
    const worker = await stranger();
    const { error, consumers } = await worker.register(REFUNDS, undefined, permit({ workers: ["stranger", "other"] }));
    expect(error).toBeUndefined();
    expect(consumers).toHaveLength(1);
  });
});
