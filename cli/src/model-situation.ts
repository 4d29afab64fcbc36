// Which models an environment can call, in words.

import { safeText } from "./safe-text.js";

type Environment = Readonly<Record<string, string | undefined>>;

export const SCRIPTED_MODEL = "demo/refund";
export const DEFAULT_MODEL = "openai/gpt-4o-mini";

/** Variables, and the models whose keys they hold. */
export const MODEL_KEYS = [
  ["OPENAI_API_KEY", "openai/..."],
  ["ANTHROPIC_API_KEY", "anthropic/..."],
  ["GEMINI_API_KEY", "gemini/..."],
] as const;

export function isSet(env: Environment, name: string): boolean {
  return (env[name]?.trim() ?? "") !== "";
}

/** One line for each thing that a person should know. */
export function modelLines(env: Environment): readonly string[] {
  const added = addedProviders(env);
  const found = [
    ...MODEL_KEYS.filter(
      ([variable, models]) => isSet(env, variable) && !added.some((name) => models === `${name}/...`),
    ).map(([variable, models]) => `${models} (${variable} found)`),
    ...added.map((name) => `${name}/... (in ${PROVIDERS})`),
  ];
  if (found.length > 0) return [...found, `${SCRIPTED_MODEL} (scripted)`];
  return [`No OPENAI_API_KEY: agents can use the scripted model ${SCRIPTED_MODEL}`];
}

const PROVIDERS = "AGENTSPAN_MODEL_PROVIDERS";

/** By name. What is wrong with the setting, the orchestrator says when it starts. */
function addedProviders(env: Environment): readonly string[] {
  try {
    const value: unknown = JSON.parse(env[PROVIDERS] ?? "");
    return typeof value === "object" && value !== null ? Object.keys(value).map(safeText) : [];
  } catch {
    return []; // Not set, or no JSON.
  }
}

/** The model of the demonstration, and why that one. */
export function demoModel(
  env: Environment,
  wanted: string | undefined,
): { readonly model: string; readonly why: string } {
  if (wanted !== undefined) return { model: wanted, why: "as --model says" };
  const said = env.AGENTSPAN_MODEL?.trim();
  if (said) return { model: said, why: "as AGENTSPAN_MODEL says" };
  if (isSet(env, "OPENAI_API_KEY")) return { model: DEFAULT_MODEL, why: "OPENAI_API_KEY found" };
  return {
    model: SCRIPTED_MODEL,
    why: `scripted, no real model: set OPENAI_API_KEY to run it with ${DEFAULT_MODEL}`,
  };
}
