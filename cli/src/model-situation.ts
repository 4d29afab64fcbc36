// Which models an environment can call, in words.

type Environment = Readonly<Record<string, string | undefined>>;

export const SCRIPTED_MODEL = "demo/refund";
export const DEFAULT_MODEL = "openai/gpt-4o-mini";

const KEYS = [
  ["OPENAI_API_KEY", "openai/..."],
  ["ANTHROPIC_API_KEY", "anthropic/..."],
  ["GEMINI_API_KEY", "gemini/..."],
] as const;

function isSet(env: Environment, name: string): boolean {
  return (env[name]?.trim() ?? "") !== "";
}

/** One line for each thing that a person should know. */
export function modelLines(env: Environment): readonly string[] {
  const found = KEYS.filter(([variable]) => isSet(env, variable));
  if (found.length > 0) {
    return [...found.map(([variable, models]) => `${models} (${variable} found)`), `${SCRIPTED_MODEL} (scripted)`];
  }
  return [`No OPENAI_API_KEY: agents can use the scripted model ${SCRIPTED_MODEL}`];
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
