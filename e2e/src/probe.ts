// Loaded into a service before its own code: counts, when asked over IPC, what lives in the process. Timers are counted
// as objects, since most of ours do not keep the process alive and are no active resource.
import { queryObjects } from "node:v8";

/** What lives in a process. The count collects garbage first. Of each kind its prototype is counted too. */
export interface Census {
  readonly promises: number;
  readonly timers: number;
  /** What keeps the process alive: sockets, timers, requests. */
  readonly resources: number;
}

interface Message {
  readonly ask?: number;
  readonly census?: boolean;
}

const Timer = setTimeout(() => undefined, 0).constructor;

/** What both descend from here, so that one walk through the memory finds them: it costs half a second of the processor. */
class Counted {}
for (const kind of [Promise, Timer]) Object.setPrototypeOf(kind.prototype, Counted.prototype);

process.on("message", ({ ask, census }: Message) => {
  if (census !== true) return;
  const found = queryObjects(Counted, { format: "summary" });
  const timers = found.filter((shown) => shown.startsWith(Timer.name)).length;
  const taken: Census = {
    promises: found.length - timers,
    timers,
    resources: process.getActiveResourcesInfo().length,
  };
  process.send?.({ answer: ask, census: taken });
});
// The services look at the channel only to notice that their parent is gone: it must not keep them alive either way.
process.channel?.unref();
