// The orchestrator on what lies in this process, for whoever runs it without servers; and what the kit plays by itself.
export { encodeAgent, toCore } from "./encode/agent.js";
export { argumentsBefore, type EarlierEvents } from "./encode/approval.js";
export { encodeEvent } from "./encode/event.js";
export {
  MemoryBroker,
  MemoryBrokerError,
  type MemoryBrokerOptions,
  type MemoryMessage,
} from "./memory/memory-broker.js";
export { MemoryBus } from "./memory/memory-bus.js";
export { emptyDatabase, type MemoryDatabase } from "./memory/memory-database.js";
export type { Delivery } from "./memory/memory-line.js";
export { MemoryStore, type MemoryStoreOptions } from "./memory/memory-store.js";
export { type Orchestrator, type OrchestratorOptions, startOrchestrator } from "./orchestrator.js";
export { ModelCallError, type Models } from "./ports.js";
export { textFunctions } from "./text-functions.js";
