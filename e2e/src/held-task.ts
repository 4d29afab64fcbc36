import type { ChildService } from "./child-service.js";

export type TaskPoint = "beforeClaim" | "afterClaim" | "beforeExecute" | "afterExecute" | "afterComplete";

/** A task of a worker process that is held at a point of its life. */
export interface HeldTask {
  readonly runId: string;
  readonly callId: string;
  readonly attempt: number;
}

/** Has the next task of a tool held at a point; `reached` resolves when it is. */
export async function holdTask(
  worker: ChildService,
  point: TaskPoint,
  tool: string,
): Promise<{ readonly reached: Promise<HeldTask>; release(): void }> {
  const reached = worker
    .message(({ held }) => isRecord(held) && held.point === point)
    .then(({ held }) => (held as { readonly task: HeldTask }).task);
  // The test may end before it asks for it.
  reached.catch(() => undefined);
  await worker.ask({ hold: { point, tool } });
  return { reached, release: () => worker.send({ release: point }) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
