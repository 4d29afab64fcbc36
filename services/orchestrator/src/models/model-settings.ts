// What is told of the environment variables that model providers read.
import type { SettingText } from "@agentspan/internal";
import { BUILT_IN, PROVIDERS_VARIABLE, type Provider } from "./providers.js";

const OPTIONAL = { unset: { value: undefined }, defaultText: undefined, secret: undefined } as const;

/** Of the built-in providers; AGENTSPAN_MODEL_PROVIDERS may name further variables. */
export function modelSettings(): readonly SettingText[] {
  return [
    {
      ...OPTIONAL,
      variable: PROVIDERS_VARIABLE,
      about: "model providers beside the built-in ones, or in their place",
      form: "a JSON object, from the name of each to its base URL and the variable that has its key",
    },
    ...BUILT_IN.flatMap(settingsOf),
    { ...OPTIONAL, variable: "OPENAI_ORG_ID", about: "the organization that calls of openai count for", form: "an id" },
    { ...OPTIONAL, variable: "OPENAI_PROJECT_ID", about: "the project that calls of openai count for", form: "an id" },
  ];
}

function settingsOf({ name, keyVariable, keyOptional, baseUrl, baseUrlVariable }: Provider): SettingText[] {
  const settings: SettingText[] = [];
  if (keyVariable !== undefined) {
    const about = `the API key of ${name}${keyOptional === true ? ", where it wants one" : ", for its models"}`;
    settings.push({ ...OPTIONAL, variable: keyVariable, about, form: "a text", secret: "value" });
  }
  if (baseUrlVariable !== undefined) {
    const about = `where ${name} listens${baseUrl === undefined ? ", for its models" : ""}`;
    const form = "a URL that begins with https:// or http://, without user and password";
    settings.push({ ...OPTIONAL, variable: baseUrlVariable, about, form, defaultText: baseUrl });
  }
  return settings;
}
