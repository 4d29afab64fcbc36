import { toMilliseconds } from "../duration.js";
import { Kit, type KitOptions } from "./kit.js";
import { kitLogger } from "./kit-logger.js";
import { memoryModels } from "./model/memory-models.js";
import { ScriptedModel } from "./model/scripted-model.js";
import { FunctionsInProgress } from "./stack/functions-in-progress.js";
import { MemoryWorld } from "./stack/memory-world.js";
import { toolHooks } from "./tool-hooks.js";

export interface MemoryKitOptions extends KitOptions {
  /** The date at which the kit's clock stands in the beginning; today unless said. */
  readonly startsAt?: Date;
}

/**
 * A kit on a stack in this process, with a clock that only the kit moves: nothing is started, and thirty days pass at
 * once. AGENTSPAN_KIT_LOG_LEVEL=debug shows what the server does.
 *
 * @example
 * await using kit = await memoryKit({
 *   model: [calls("process_refund", { order_id: "ORD-8821", amount: 29.99 }), says("Refunded.")],
 *   decisions: { process_refund: after("2d", approve()) },
 * });
 * expectRun(await kit.run(agent, "Refund ORD-8821")).completed().approved("process_refund");
 */
export async function memoryKit(options: MemoryKitOptions): Promise<Kit> {
  const functions = new FunctionsInProgress();
  const model = new ScriptedModel(options.model, functions);
  const world = await MemoryWorld.open({
    models: memoryModels(model),
    startsAt: (options.startsAt ?? new Date()).getTime(),
    patienceMs: toMilliseconds(options.patience ?? "5s", "patience"),
    hooks: toolHooks(functions, options.tools),
    functions,
    log: kitLogger(),
  });
  return new Kit(world, model, options.decisions);
}
