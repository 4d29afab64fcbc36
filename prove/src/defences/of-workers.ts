// Defences against workers: what credentials, permits and claims keep one from that is not its own.
import type { Defence } from "./defence.js";

const STOPS_OTHERS = "A worker that stops everybody's tasks";
const SPEAKS_FOR_ANOTHER = "A worker that speaks for another";
const UNREGISTERED = "services/orchestrator/test/workers/unregistered-workers.test.ts";
const BELIEVED_REGISTRATIONS = "services/orchestrator/test/workers/believed-registrations.test.ts";
const PERMITTED_REGISTRATIONS = "services/orchestrator/test/workers/permitted-registrations.test.ts";
const REGISTERED_ROWS = "e2e/test/servers/registered-rows.test.ts";
const PERMITS = "e2e/test/servers/worker-credentials.test.ts";

export const OF_WORKERS: readonly Defence[] = [
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a worker registers tools that its permit does not name",
    file: "internal/src/signing/permit.ts",
    from: "const missing = tools.find((tool) => ",
    to: 'const missing = tools.find((tool) => tool.name === "" && ',
    shownBy: { file: PERMITS, title: "a worker that may not serve a tool is told why" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a permit is believed that somebody else signed",
    file: "internal/src/signing/permit.ts",
    from: "if (problem !== undefined) return `its permit is not believed",
    to: "if (problem === keyId) return `its permit is not believed",
    shownBy: { file: PERMITS, title: "a worker that may not serve a tool is told why" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "the NATS login of a worker hears what others are answered",
    file: "internal/src/worker-rights.ts",
    from: "subscribe: [`${workerInboxPrefix",
    to: 'subscribe: [">", `${workerInboxPrefix',
    shownBy: {
      file: "e2e/test/servers/worker-logins.test.ts",
      title: "lets it serve its own tools, and neither speak for another",
    },
  },
  {
    threat: STOPS_OTHERS,
    without: "workers are in one account of NATS with the services",
    file: "internal/src/nats-accounts.ts",
    from: "users: services, exports },\n    [WORKERS_ACCOUNT]: { users: workers,",
    to: "users: [...services, ...workers], exports },\n    [WORKERS_ACCOUNT]: { users: [],",
    shownBy: {
      file: "services/orchestrator/test/servers/nats-accounts.test.ts",
      title: "it reaches nothing that is not its own",
    },
  },
  {
    threat: STOPS_OTHERS,
    without: "nobody notices that the queue of tasks was emptied",
    file: "services/orchestrator/src/nats/queue-watch.ts",
    from: "if (audit !== undefined) this.#removed(audit);",
    to: "if (audit === null) this.#removed(audit);",
    shownBy: {
      file: "services/orchestrator/test/servers/nats-losses.test.ts",
      title: "is filled again, and who did it is told",
    },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a request on one worker's subject speaks for another",
    file: "services/orchestrator/src/bus/worker-exchange.ts",
    from: "if (asked.workerId !== workerId) {",
    to: 'if (asked.workerId === "") {',
    shownBy: {
      file: "services/orchestrator/test/memory-bus.test.ts",
      title: "refuses a request that names another worker than its subject does",
      titledIn: "services/orchestrator/test/contracts/bus-workers.ts",
    },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "whoever knows a run's id is granted its calls",
    file: "services/orchestrator/src/served-calls.ts",
    from: "const tool = await this.options.registry.servedBy({ workerId, incarnation }, { namespace, queue, tool: name });",
    to: "const tool = (await this.options.registry.servedBy({ workerId, incarnation }, { namespace, queue, tool: name })) ?? { queue, tool: name };",
    shownBy: { file: UNREGISTERED, title: "is granted nothing of it, and told to register" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a worker is served by the registration of another",
    file: "services/orchestrator/src/worker-registry.ts",
    from: "worker?.name === workerId && worker.namespace",
    to: "worker !== undefined && workerId.length > 0 && worker.namespace",
    shownBy: { file: UNREGISTERED, title: "has no use for the incarnation of one that has" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a registration that was written into the database is one",
    file: "services/orchestrator/src/proof/registrations.ts",
    from: 'if (seal === undefined) return "it is not signed";',
    to: "if (seal === undefined) return undefined;",
    shownBy: {
      file: BELIEVED_REGISTRATIONS,
      title: "is granted nothing: neither a call nor its probe nor its preview",
    },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a registration outlasts its permit",
    file: "services/orchestrator/src/proof/permits.ts",
    from: "permit.until <= this.options.clock.now()) return false;",
    to: "permit.until <= 0) return false;",
    shownBy: { file: PERMITTED_REGISTRATIONS, title: "a registration ends with its permit" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "narrowed credentials leave what was registered with the wide ones",
    file: "services/orchestrator/src/proof/permits.ts",
    from: "if (newer === undefined || newer.at <= at) return undefined;",
    to: "if (newer === undefined || newer.at <= at || tools.length > 0) return undefined;",
    shownBy: {
      file: REGISTERED_ROWS,
      title: "narrowed credentials narrow what was registered before with the wide ones",
    },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "the outcome of a call is believed of whoever tells one",
    file: "services/orchestrator/src/served-calls.ts",
    from: "return claimed ? { heard: true }",
    to: 'return claimed || found.kind === "unserved" ? { heard: true }',
    shownBy: { file: UNREGISTERED, title: "is not believed that it has done it" },
  },
  {
    threat: SPEAKS_FOR_ANOTHER,
    without: "a heartbeat takes a call for whoever says that it has begun",
    file: "services/orchestrator/src/tasks-in-hand.ts",
    from: "const served = await registry.servedBy({ workerId, incarnation }, { namespace, queue, tool });",
    to: "const served = (await registry.servedBy({ workerId, incarnation }, { namespace, queue, tool })) ?? { queue, tool };",
    shownBy: { file: UNREGISTERED, title: "does not take it by saying in a heartbeat that it has begun" },
  },
];
