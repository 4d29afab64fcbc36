import { toMilliseconds } from "../duration.js";
import { shown } from "../option-check.js";
import { KIT_OPTIONS, Kit, type KitOptions } from "./kit.js";
import { KitError } from "./kit-error.js";
import { kitLogger } from "./kit-logger.js";
import { memoryModels } from "./model/memory-models.js";
import { checked, checkOptions } from "./script-check.js";
import { scriptedParts } from "./scripted-parts.js";
import { MemoryWorld } from "./stack/memory-world.js";

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
  checkOptions(options, "memoryKit()", { ...KIT_OPTIONS, startsAt: "anything" });
  const { startsAt = new Date(), patience = "5s" } = options;
  if (!(startsAt instanceof Date) || Number.isNaN(startsAt.getTime())) {
    throw new KitError(`startsAt is ${shown(startsAt)}, and no date: write it as new Date("2026-03-01T12:00:00Z").`);
  }
  const { functions, model, decisions, hooks, toolNames } = scriptedParts(options);
  const world = await MemoryWorld.open({
    models: memoryModels(model),
    startsAt: startsAt.getTime(),
    patienceMs: checked(() => toMilliseconds(patience, "patience")),
    hooks,
    functions,
    log: kitLogger(),
  });
  return new Kit({ world, model, decisions, toolNames });
}
