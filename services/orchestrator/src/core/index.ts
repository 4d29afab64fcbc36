// The pure core: what a run is and how it changes.
export * from "./agent.js";
export { approversOf } from "./checkpoint-time.js";
export * from "./commands.js";
export * from "./conversation.js";
export * from "./decide.js";
export type { Context, RuleInput, RuleVerdict, TextFunctions } from "./draft.js";
export * from "./events.js";
export * from "./evolve.js";
export { strictestTerms } from "./evolve-preview.js";
export * from "./limits.js";
export * from "./model.js";
export * from "./obligations.js";
export * from "./report.js";
export * from "./retry.js";
export * from "./run.js";
export { takesGrants } from "./standing-grant.js";
export type { Voter } from "./voters.js";
export { type WantedPreview, wantedPreview } from "./wanted-preview.js";
