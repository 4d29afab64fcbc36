// Signs of life in memory, as InstanceDocuments keeps them.
import type { Instance, KeptInstances, RegisteredWorker } from "../ports.js";

/** By incarnation. */
export type MemoryInstances = Map<string, Instance & { readonly seenAt: number }>;

export function registerWorker(instances: MemoryInstances, worker: RegisteredWorker, now: number): boolean {
  const stored = instances.get(worker.incarnation);
  if (stored !== undefined && (stored.kind !== "worker" || stored.name !== worker.name)) return false;
  const { counter, inHand, about } = stored ?? { ...worker, counter: 0, inHand: [] };
  const { about: _again, ...registered } = worker;
  const kept = { ...registered, ...(about && { about }) };
  const instance = { ...kept, kind: "worker" as const, counter, inHand, seenAt: now };
  instances.set(worker.incarnation, structuredClone(instance));
  return true;
}

export function beat(instances: MemoryInstances, told: readonly Instance[], now: number): void {
  for (const instance of told) {
    const stored = instances.get(instance.incarnation);
    if (stored !== undefined && stored.counter >= instance.counter) continue;
    const { counter, inHand, keys } = instance;
    const shown = { counter, inHand, ...(keys && { keys }), seenAt: now };
    instances.set(instance.incarnation, structuredClone({ ...(stored ?? instance), ...shown }));
  }
}

export function readInstances(instances: MemoryInstances): KeptInstances {
  const kept = [...instances.values()].map(({ tools: _, seal: _seal, about: _about, ...sign }) =>
    structuredClone(sign),
  );
  return { instances: kept, unreadable: [] };
}

export function liveWorkers(instances: MemoryInstances, namespace: string, since: number): readonly Instance[] {
  return [...instances.values()]
    .filter((one) => one.kind === "worker" && one.namespace === namespace && one.seenAt >= since)
    .map((instance) => structuredClone(instance));
}

export function forgetInstances(instances: MemoryInstances, before: number): void {
  for (const { incarnation, seenAt } of instances.values()) if (seenAt < before) instances.delete(incarnation);
}
