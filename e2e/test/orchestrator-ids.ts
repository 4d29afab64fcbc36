import type { Stack } from "../src/index.js";

/** Of the two that showed life last. */
export async function orchestratorIds({ database }: Stack): Promise<readonly [string, string]> {
  const instances = database.collection<{ _id: string; kind: string; seenAt: Date }>("instances");
  const found = await instances.find({ kind: "orchestrator" }).sort({ seenAt: -1 }).limit(2).toArray();
  const [one, other] = found.map(({ _id }) => _id);
  if (one === undefined || other === undefined) throw new Error("There are no two orchestrators.");
  return [one, other];
}
