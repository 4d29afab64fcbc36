// Which model providers there are, where they listen, and what each does differently behind the same API.

export type Environment = Readonly<Record<string, string | undefined>>;

/** A service that speaks OpenAI's chat completions. */
export interface Provider {
  /** The first part of "provider/model". */
  readonly name: string;
  /** Without a slash at the end. Absent where only `baseUrlVariable` can say it. */
  readonly baseUrl?: string;
  /** The environment variable that says another base URL. */
  readonly baseUrlVariable?: string;
  /** Added to a base URL from the environment that has no path, since people leave it out. */
  readonly defaultPath?: string;
  /** The environment variable with the API key. Absent where none is ever sent. */
  readonly keyVariable?: string;
  /** The key may be missing. */
  readonly keyOptional?: boolean;
  /** `max_tokens` is the older name and the one most servers know; OpenAI's newer models refuse it. */
  readonly maxTokensField: "max_tokens" | "max_completion_tokens";
  /**
   * When `response_format` is sent. Servers that constrain every word by the schema can then call no tool, others
   * refuse the two together or ignore the schema: there it is told to the model in words instead.
   */
  readonly outputSchema: "always" | "without_tools" | "never";
  /** Models that want their thought signatures back, which this adapter does not keep. */
  readonly unsignedCalls?: RegExp;
}

const COMPATIBLE = { maxTokensField: "max_tokens", outputSchema: "without_tools" } as const;

export const BUILT_IN: readonly Provider[] = [
  {
    name: "openai",
    baseUrl: "https://api.openai.com/v1",
    baseUrlVariable: "OPENAI_BASE_URL",
    keyVariable: "OPENAI_API_KEY",
    maxTokensField: "max_completion_tokens",
    outputSchema: "always",
  },
  {
    name: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    // Anthropic's own clients take this one without "/v1".
    baseUrlVariable: "ANTHROPIC_BASE_URL",
    defaultPath: "/v1",
    keyVariable: "ANTHROPIC_API_KEY",
    maxTokensField: "max_tokens",
    // Documented as ignored by the compatible endpoint.
    outputSchema: "never",
  },
  {
    name: "gemini",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    keyVariable: "GEMINI_API_KEY",
    ...COMPATIBLE,
    unsignedCalls: /^(models\/)?gemini-([3-9]|[1-9]\d|[a-z-]*latest)/,
  },
  {
    name: "ollama",
    baseUrl: "http://127.0.0.1:11434/v1",
    baseUrlVariable: "OLLAMA_BASE_URL",
    defaultPath: "/v1",
    ...COMPATIBLE,
  },
  {
    name: "vllm",
    baseUrlVariable: "VLLM_BASE_URL",
    defaultPath: "/v1",
    keyVariable: "VLLM_API_KEY",
    keyOptional: true,
    ...COMPATIBLE,
  },
];

export const PROVIDERS_VARIABLE = "AGENTSPAN_MODEL_PROVIDERS";

/** Providers by name, and what is wrong with the configuration, a sentence each. */
export interface ProviderTable {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly faults: readonly string[];
}

/**
 * The built-in providers and those of AGENTSPAN_MODEL_PROVIDERS, a JSON object such as
 * `{"acme": {"baseUrl": "https://llm.acme.test/v1", "keyVariable": "ACME_API_KEY"}}`; a built-in name is replaced. An
 * entry without `keyVariable` is called without a key. `maxTokensField` may say "max_completion_tokens".
 */
export function providersFrom(environment: Environment, reserved: readonly string[] = []): ProviderTable {
  const providers = new Map(BUILT_IN.map((provider) => [provider.name, provider]));
  const text = environment[PROVIDERS_VARIABLE]?.trim() ?? "";
  if (text === "") return { providers, faults: [] };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { providers, faults: [`${PROVIDERS_VARIABLE} is not JSON: ${why}.`] };
  }
  if (!isRecord(parsed)) return { providers, faults: [`${PROVIDERS_VARIABLE} must be a JSON object, name to entry.`] };
  const faults: string[] = [];
  for (const [name, entry] of Object.entries(parsed)) {
    const found = faultsOf(name, entry, reserved);
    faults.push(...found.map((fault) => `${PROVIDERS_VARIABLE}: provider ${JSON.stringify(name)} ${fault}.`));
    if (found.length === 0) providers.set(name, configured(name, entry as ConfiguredEntry));
  }
  return { providers, faults };
}

/** The environment variables that the models of this environment read: keys, base URLs, the table of providers. */
export function modelVariables(environment: Environment): readonly string[] {
  const { providers } = providersFrom(environment);
  const named = [...providers.values()].flatMap(({ keyVariable, baseUrlVariable }) => [keyVariable, baseUrlVariable]);
  const all = [PROVIDERS_VARIABLE, "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", ...named];
  return all.filter((name) => name !== undefined);
}

interface ConfiguredEntry {
  readonly baseUrl: string;
  readonly keyVariable?: string;
  readonly maxTokensField?: Provider["maxTokensField"];
}

function faultsOf(name: string, entry: unknown, reserved: readonly string[]): string[] {
  const faults: string[] = [];
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name))
    faults.push("has a name of other than a-z, 0-9, dot, dash, underscore");
  if (reserved.includes(name)) faults.push("has a name that is taken");
  if (!isRecord(entry)) return [...faults, 'must be an object with "baseUrl"'];
  const known = ["baseUrl", "keyVariable", "maxTokensField"];
  const unknown = Object.keys(entry).filter((key) => !known.includes(key));
  if (unknown.length > 0) faults.push(`has unknown fields: ${unknown.join(", ")} (known are ${known.join(", ")})`);
  const urlFault = typeof entry.baseUrl === "string" ? faultOfUrl(entry.baseUrl) : "is missing";
  if (urlFault !== undefined) faults.push(`has a "baseUrl" that ${urlFault}`);
  const { keyVariable, maxTokensField } = entry;
  if (keyVariable !== undefined && (typeof keyVariable !== "string" || !/^[A-Za-z_]\w*$/.test(keyVariable))) {
    faults.push('has a "keyVariable" that is no name of an environment variable');
  }
  if (maxTokensField !== undefined && maxTokensField !== "max_tokens" && maxTokensField !== "max_completion_tokens") {
    faults.push('has a "maxTokensField" other than "max_tokens" and "max_completion_tokens"');
  }
  return faults;
}

function configured(name: string, { baseUrl, keyVariable, maxTokensField }: ConfiguredEntry): Provider {
  return {
    ...COMPATIBLE,
    name,
    baseUrl: withoutEndSlash(baseUrl),
    ...(keyVariable === undefined ? {} : { keyVariable }),
    ...(maxTokensField === undefined ? {} : { maxTokensField }),
  };
}

/** Where and with which key a provider is called. */
export interface Endpoint {
  readonly baseUrl: string;
  readonly key?: string;
}

/** The endpoint of a provider in an environment, or a sentence that says what to set. */
export function endpointOf(provider: Provider, environment: Environment): Endpoint | { readonly problem: string } {
  const { name, baseUrlVariable, keyVariable } = provider;
  const said = baseUrlVariable === undefined ? "" : (environment[baseUrlVariable]?.trim() ?? "");
  const fault = said === "" ? undefined : faultOfUrl(said);
  if (fault !== undefined) return { problem: `${baseUrlVariable} ${fault}: set it to the base URL of ${name}.` };
  const baseUrl = said === "" ? provider.baseUrl : withPath(said, provider.defaultPath);
  if (baseUrl === undefined) {
    return { problem: `Where ${name} listens is not known: set ${baseUrlVariable}, such as http://127.0.0.1:8000/v1.` };
  }
  const key = keyVariable === undefined ? "" : (environment[keyVariable]?.trim() ?? "");
  if (/[^\x21-\x7e]/.test(key)) return { problem: `${keyVariable} holds characters that an API key cannot have.` };
  if (key !== "") return { baseUrl, key };
  if (keyVariable === undefined || provider.keyOptional === true) return { baseUrl };
  return { problem: `The models of ${name} need an API key: set ${keyVariable} where the orchestrator runs.` };
}

/** "provider/model" in its two parts; further slashes belong to the model. Undefined where a part is missing. */
export function splitModel(model: string): { readonly provider: string; readonly name: string } | undefined {
  const slash = model.indexOf("/");
  if (slash <= 0 || slash === model.length - 1) return undefined;
  return { provider: model.slice(0, slash), name: model.slice(slash + 1) };
}

/** Says how a model is written, or which providers there are. */
export function unknownModel(model: string, known: readonly string[]): string {
  const parts = splitModel(model);
  if (parts === undefined) {
    return `The model ${JSON.stringify(model)} is not written as provider/model, such as openai/gpt-4o-mini.`;
  }
  const list = [...known].sort().join(", ");
  return `No model provider is called ${JSON.stringify(parts.provider)}. Known are ${list}; add others with ${PROVIDERS_VARIABLE}.`;
}

function faultOfUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return "is no URL";
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return "is neither http nor https";
  if (url.username !== "" || url.password !== "")
    return "has a user or password in it, which belongs in the key variable";
  if (url.search !== "" || url.hash !== "") return "has a query or a fragment";
  return undefined;
}

function withPath(baseUrl: string, path: string | undefined): string {
  return withoutEndSlash(
    new URL(baseUrl).pathname === "/" && path !== undefined ? new URL(path, baseUrl).href : baseUrl,
  );
}

function withoutEndSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
