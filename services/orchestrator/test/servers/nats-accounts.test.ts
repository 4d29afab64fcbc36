// Workers in an account of their own at NATS: they do their work as in one account with the services, and whatever a worker
// names as the place for an answer, nothing of the services, of JetStream or of another worker is reached by it.
import {
  consumerName,
  DATABASE_MARK,
  eventsSubject,
  natsAccounts,
  newId,
  requestSubject,
  TASK_STREAM,
  taskSubject,
  WORKER_VERBS,
  workerInboxPrefix,
  workerPermissions,
  workerSubject,
} from "@agentspan/internal";
import { eventually } from "@agentspan/servers/eventually";
import { connect, type Msg, type NatsConnection } from "nats";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryStore } from "../../src/memory/memory-store.js";
import { NatsBus } from "../../src/nats/nats-bus.js";
import { askAsWorker, echo, recordingWorkers, task } from "../contracts/bus-clients.js";
import { NoRespondersError } from "../contracts/bus-fixture.js";
import { clientOf, startServer } from "./nats-fixture.js";

const WORKERS = {
  billing: { namespace: "default", queue: "billing", tool: "charge" },
  refunds: { namespace: "default", queue: "refunds", tool: "refund" },
} as const;
type Id = keyof typeof WORKERS;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function consumerOf(id: Id): string {
  const { namespace, queue, tool } = WORKERS[id];
  return consumerName(namespace, queue, tool);
}

function pullSubject(id: Id): string {
  return `$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.${consumerOf(id)}`;
}

/** What the documentation says that the services need. */
const OF_SERVICES = {
  publish: ["agentspan.>", "$JS.>", "_INBOX.>", "_R_.>"],
  subscribe: ["agentspan.>", "$JS.>", "_INBOX.>"],
};

class Bench {
  private constructor(
    readonly url: string,
    readonly bus: NatsBus,
    /** In the services' account, with every right. */
    readonly operator: NatsConnection,
  ) {}

  static async start(): Promise<Bench> {
    const pass = "geheim";
    const services = [
      { user: "services", pass, permissions: OF_SERVICES },
      { user: "operator", pass },
    ];
    const workers = Object.entries(WORKERS).map(([user, tool]) => ({
      ...{ user, pass, permissions: workerPermissions(user, [tool]) },
    }));
    const server = await startServer(natsAccounts({ services, workers }));
    closing.push(() => server.close());
    const url = server.url.replace("://", `://services:${pass}@`);
    const bus = await NatsBus.connect({ url, database: new MemoryStore() });
    closing.push(() => bus.close());
    for (const { namespace, queue, tool } of Object.values(WORKERS)) {
      await bus.ensureConsumers(namespace, [{ queue, tool }]);
    }
    await bus.serve("orc_1", echo, recordingWorkers());
    return new Bench(server.url, bus, await Bench.#login(server.url, "operator"));
  }

  static async #login(url: string, user: string): Promise<NatsConnection> {
    const inboxPrefix = user === "operator" ? "_INBOX" : workerInboxPrefix(user);
    const connection = await connect({ servers: url, user, pass: "geheim", inboxPrefix });
    closing.push(() => connection.close());
    return connection;
  }

  worker(id: Id): Promise<NatsConnection> {
    return Bench.#login(this.url, id);
  }

  async announce(id: Id, callId: string): Promise<void> {
    await this.bus.announce(task({ ...WORKERS[id], callId }), "orc_1");
  }

  /** How many hints a worker's consumer has not delivered, how many are out, and how many there are of its tool. */
  async hintsOf(id: Id): Promise<readonly number[]> {
    const manager = await this.operator.jetstreamManager();
    const consumer = await manager.consumers.info(TASK_STREAM, consumerOf(id));
    const subjects_filter = consumer.config.filter_subject ?? "";
    const { state } = await manager.streams.info(TASK_STREAM, { subjects_filter });
    return [consumer.num_pending, consumer.num_ack_pending, Object.keys(state.subjects ?? {}).length];
  }
}

/** Pulls, and hears what comes of it. */
async function pulling(worker: NatsConnection, id: Id) {
  const inbox = `${workerInboxPrefix(id)}.pull`;
  const heard: Msg[] = [];
  worker.subscribe(`${inbox}.*`, { callback: (_, message) => heard.push(message) });
  await worker.flush();
  return {
    heard,
    codes: () => heard.map(({ headers }) => headers?.code ?? 0),
    pull: (request: object) => worker.publish(pullSubject(id), JSON.stringify(request), { reply: `${inbox}.1` }),
  };
}

describe("an orchestrator with the rights of the services alone", () => {
  it("marks the work queue, marks it again, and hears that it is another database's", async () => {
    const { bus, operator } = await Bench.start();
    const { streams } = await operator.jetstreamManager();
    const mark = async () => (await streams.info(TASK_STREAM)).config.metadata?.[DATABASE_MARK];
    const own = await mark();
    expect(own).toMatch(/^db_/);
    await streams.update(TASK_STREAM, { metadata: { of: "an operator" } });
    await eventually(async () => expect(await mark()).toBe(own));
    expect((await streams.info(TASK_STREAM)).config.metadata).toMatchObject({ of: "an operator" });
    expect(bus.standsBack).toBeUndefined();
    await streams.update(TASK_STREAM, { metadata: { [DATABASE_MARK]: newId("db") } });
    await eventually(() => expect(bus.standsBack).toBeDefined());
  });
});

describe("a worker in an account of its own", () => {
  it("is answered every verb in both forms, and told where nobody listens", async () => {
    const bench = await Bench.start();
    const worker = clientOf(await bench.worker("billing"));
    for (const verb of WORKER_VERBS) {
      for (const form of ["protobuf", "json"] as const) {
        const answer = await askAsWorker(worker, { workerId: "billing", verb, request: {}, form });
        expect(answer).toMatchObject({ orchestratorId: "orc_1" });
      }
    }
    const gone = { workerId: "billing", verb: "claim", request: {}, form: "json", orchestratorId: "orc_gone" } as const;
    await expect(askAsWorker(worker, gone)).rejects.toThrow(NoRespondersError);
  });

  it("gets hints under their own subject, several to a pull, and what it says of them counts", async () => {
    const bench = await Bench.start();
    for (const callId of ["c1", "c2", "c3"]) await bench.announce("billing", callId);
    const worker = await bench.worker("billing");
    const { heard, pull } = await pulling(worker, "billing");
    pull({ batch: 5, expires: 30e9 });
    await eventually(() => expect(heard).toHaveLength(3));
    expect(heard.map(({ subject }) => subject)).toEqual(
      ["c1", "c2", "c3"].map((callId) => taskSubject(task({ ...WORKERS.billing, callId }))),
    );
    const [first, second, third] = heard;
    first?.respond("+ACK");
    second?.respond("-NAK");
    third?.respond("+TERM not a task hint");
    // The pull still waits for two, and what was put back is the first of them.
    await eventually(() => expect(heard).toHaveLength(4));
    expect(heard[3]?.subject).toBe(second?.subject);
    expect((await worker.request(heard[3]?.reply ?? "", "+ACK")).data).toHaveLength(0);
    await eventually(async () => expect(await bench.hintsOf("billing")).toEqual([0, 0, 0]));
  });

  it("is told that nothing is there, that its time is over, and that its consumer is gone", async () => {
    const bench = await Bench.start();
    const { codes, pull } = await pulling(await bench.worker("billing"), "billing");
    pull({ batch: 1, no_wait: true });
    await eventually(() => expect(codes()).toEqual([404]));
    pull({ batch: 1, expires: 1e9, idle_heartbeat: 4e8 });
    await eventually(() => expect(codes().at(-1)).toBe(408));
    expect(codes()).toContain(100);
    pull({ batch: 1, expires: 30e9 });
    const manager = await bench.operator.jetstreamManager();
    const waiting = async () => (await manager.consumers.info(TASK_STREAM, consumerOf("billing"))).num_waiting;
    await eventually(async () => expect(await waiting()).toBe(1));
    await manager.consumers.delete(TASK_STREAM, consumerOf("billing"));
    await eventually(() => expect(codes().at(-1)).toBe(409));
  });
});

const OTHERS_TASK = taskSubject(task({ ...WORKERS.refunds, callId: "forged" }));

const LAST_TASK = taskSubject(task({ ...WORKERS.billing, callId: "last" }));

/** Where it would do harm if an answer, an error or a hint came there. */
const ELSEWHERE = [
  `$JS.API.STREAM.DELETE.${TASK_STREAM}`,
  `$JS.API.STREAM.PURGE.${TASK_STREAM}`,
  `$JS.API.CONSUMER.DELETE.${TASK_STREAM}.${consumerOf("refunds")}`,
  pullSubject("refunds"),
  `$JS.ACK.${TASK_STREAM}.${consumerOf("refunds")}.1.1.1.1.0`,
  OTHERS_TASK,
  workerSubject("refunds", "claim"),
  requestSubject(),
  eventsSubject("default", "run_a"),
  "_INBOX.x",
  "_R_.abcdef.abcdef",
  "$SYS.REQ.SERVER.PING",
];

const NO_WAIT = JSON.stringify({ batch: 1, no_wait: true });

/** A stream's answer may be there before its consumer has heard of the hint: what is to get it waits for it. */
const PATIENT = { expires: 30e9 };

const PULL_ONE = JSON.stringify({ batch: 1, ...PATIENT });

type Ask = (worker: NatsConnection, reply: string, bench: Bench) => Promise<void>;

/** Where the worker says what it does with a hint of its own that it has in hand. */
async function ownHint(worker: NatsConnection, bench: Bench): Promise<string> {
  for (;;) {
    await bench.announce("billing", newId("call"));
    // It comes under its own subject, which the client's shared inbox would not know.
    const { reply = "" } = await worker.request(pullSubject("billing"), NO_WAIT, { noMux: true, timeout: 5_000 });
    // Nothing there: what was asked for before has taken it.
    if (reply !== "") return reply;
  }
}

/** Each makes somebody answer at a place of the worker's choice. */
const WAYS: readonly (readonly [string, Ask])[] = [
  ["a pull of nothing", async (worker, reply) => worker.publish(pullSubject("billing"), NO_WAIT, { reply })],
  [
    "a pull of a hint",
    async (worker, reply, bench) => {
      await bench.announce("billing", newId("call"));
      worker.publish(pullSubject("billing"), PULL_ONE, { reply });
    },
  ],
  ["a request", async (worker, reply) => worker.publish(workerSubject("billing", "claim"), "", { reply })],
  [
    "an acknowledgement",
    async (worker, reply, bench) => worker.publish(await ownHint(worker, bench), "+ACK", { reply }),
  ],
  [
    "an acknowledgement that asks for more",
    async (worker, reply, bench) => worker.publish(await ownHint(worker, bench), `+NXT ${NO_WAIT}`, { reply }),
  ],
];

describe("whatever a worker names as the place of an answer", () => {
  it.each(WAYS)("by %s, it reaches nothing that is not its own", async (_, ask) => {
    const bench = await Bench.start();
    const [thief, victim] = [await bench.worker("billing"), await bench.worker("refunds")];
    await bench.announce("refunds", "c1");
    await bench.announce("refunds", "c2");
    const { heard, pull } = await pulling(victim, "refunds");
    pull({ batch: 1 });
    await eventually(() => expect(heard).toHaveLength(1));
    expect(await bench.hintsOf("refunds")).toEqual([1, 1, 2]);

    const reached: string[] = [];
    for (const subject of [OTHERS_TASK, "agentspan.events.>", "agentspan.request", "agentspan.worker.refunds.>"]) {
      bench.operator.subscribe(subject, { callback: (_error, message) => reached.push(message.subject) });
    }
    await bench.operator.flush();
    for (const reply of ELSEWHERE) await ask(thief, reply, bench);
    // What JetStream does for one it does in order: when this is answered, so is what came before.
    const mine = await pulling(thief, "billing");
    await bench.announce("billing", "last");
    mine.pull({ batch: ELSEWHERE.length + 1, ...PATIENT });
    await eventually(() => expect(mine.heard.map(({ subject }) => subject)).toContain(LAST_TASK));
    expect(await bench.hintsOf("refunds")).toEqual([1, 1, 2]);
    await Promise.all([bench.operator.flush(), victim.flush()]);
    expect(reached).toEqual([]);
    expect(heard).toHaveLength(1);
  });
});
