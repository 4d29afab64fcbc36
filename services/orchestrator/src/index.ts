// What the local stack and the tests need of the orchestrator.
export { ORCHESTRATOR_SETTINGS, ORCHESTRATOR_VARIABLES } from "./config.js";
export { modelSettings } from "./models/model-settings.js";
export { modelVariables } from "./models/providers.js";
export { type Orchestrator, type OrchestratorOptions, startOrchestrator } from "./orchestrator.js";
