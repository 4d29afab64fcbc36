// What the local stack and the tests need of the orchestrator.
export { ORCHESTRATOR_VARIABLES } from "./config.js";
export { modelVariables } from "./models/providers.js";
export { type Orchestrator, type OrchestratorOptions, startOrchestrator } from "./orchestrator.js";
