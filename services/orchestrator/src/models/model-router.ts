// Every model of the orchestrator behind one port: the scripted demonstration, and all that speak chat completions.
import { ConfigError } from "@agentspan/internal";
import type { ModelReply, ModelRequest } from "../core/model.js";
import { ModelCallError, type Models } from "../ports.js";
import { DEMO_PROVIDER, DemoModels, type DemoModelsOptions } from "./demo-models.js";
import { OpenAiModels } from "./openai-models.js";
import { type Environment, providersFrom, splitModel, unknownModel } from "./providers.js";

export interface ModelRouterOptions {
  /** Where keys, base URLs and AGENTSPAN_MODEL_PROVIDERS are read. */
  readonly environment: Environment;
  /** For one attempt, milliseconds; 120,000 unless said. */
  readonly timeoutMs?: number;
  readonly demo?: DemoModelsOptions;
}

type Options = Parameters<Models["reply"]>[1];

/** Holds connections until it is closed. */
export class ModelRouter implements Models {
  private readonly openAi: OpenAiModels;
  private readonly routes: ReadonlyMap<string, Models>;

  /** Throws a ConfigError that names every fault of AGENTSPAN_MODEL_PROVIDERS. */
  constructor({ environment, timeoutMs, demo }: ModelRouterOptions) {
    const { providers, faults } = providersFrom(environment, [DEMO_PROVIDER]);
    if (faults.length > 0) throw new ConfigError(faults);
    this.openAi = new OpenAiModels({ providers, environment, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    const demoModels: Models = new DemoModels(demo);
    this.routes = new Map([
      [DEMO_PROVIDER, demoModels],
      ...[...providers.keys()].map((name) => [name, this.openAi] as const),
    ]);
  }

  unusable(model: string): string | undefined {
    const models = this.modelsOf(model);
    return models === undefined ? unknownModel(model, [...this.routes.keys()]) : models.unusable(model);
  }

  async reply(request: ModelRequest, options: Options): Promise<ModelReply> {
    const models = this.modelsOf(request.model);
    if (models !== undefined) return models.reply(request, options);
    options.signal.throwIfAborted();
    throw new ModelCallError({ message: unknownModel(request.model, [...this.routes.keys()]), retryable: false });
  }

  /** Ends calls in progress. */
  close(): Promise<void> {
    return this.openAi.close();
  }

  private modelsOf(model: string): Models | undefined {
    return this.routes.get(splitModel(model)?.provider ?? "");
  }
}
