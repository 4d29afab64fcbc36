// Loaded into any process before its own code (NODE_OPTIONS=--import=…): tells, when asked over IPC, how much memory is
// in use and how late the event loop has been since the last time. It collects garbage first, so that what is told is
// what is held. Other code may answer the same message, after this; whoever asks takes the first answer.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Of one process, in bytes and milliseconds. */
export interface Vitals {
  readonly rss: number;
  readonly heapUsed: number;
  /** Off the heap: buffers. */
  readonly external: number;
  /** Of the event loop, since the last time it was asked. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
}

interface Message {
  readonly ask?: number;
  readonly vitals?: boolean;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();

process.on("message", ({ ask, vitals }: Message) => {
  if (vitals !== true) return;
  const loopDelayP99Ms = delays.percentile(99) / NS_PER_MS;
  const loopDelayMaxMs = delays.max / NS_PER_MS;
  collect();
  // The collection's own pause is not the process's.
  delays.reset();
  const { rss, heapUsed, external } = process.memoryUsage();
  const taken: Vitals = { rss, heapUsed, external, loopDelayP99Ms, loopDelayMaxMs };
  process.send?.({ answer: ask, vitals: taken });
});
// The services look at the channel only to notice that their parent is gone: it must not keep them alive either way.
process.channel?.unref();
