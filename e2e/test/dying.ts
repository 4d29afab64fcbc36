import { FAULT_HIT, type FaultPoint } from "@agentspan/internal";
import { type Stack, until } from "../src/index.js";

/** Does something while the stack's one orchestrator is to die at a point, and starts it again once it has. */
export async function dyingAt<T>({ orchestrators }: Stack, point: FaultPoint, act: () => Promise<T>): Promise<T> {
  const [orchestrator] = orchestrators;
  if (orchestrator === undefined) throw new Error("There is one orchestrator.");
  const hits = () => orchestrator.log().split(`${FAULT_HIT}${point} kill`).length;
  const before = hits();
  orchestrator.send({ faults: `${point}:kill:1` });
  const acting = act();
  // Looked at again below.
  acting.catch(() => undefined);
  await orchestrator.exited;
  await orchestrator.restart();
  await until("the line of its end has come", () => hits() > before);
  return acting;
}
