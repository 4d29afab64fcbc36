// What the local stack and the tests need of the orchestrator.
export { type Orchestrator, type OrchestratorOptions, startOrchestrator } from "./orchestrator.js";
