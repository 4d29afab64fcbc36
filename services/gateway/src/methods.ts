// The methods of a gateway on a bus, without the ports that bind them to a protocol.
import { type Logger, type SigningKey, systemTime, type Time } from "@agentspan/internal";
import { api } from "./api.js";
import type { Bus } from "./bus/bus.js";
import { Orchestrators } from "./bus/orchestrators.js";
import { ApprovalNews } from "./events/approval-news.js";
import { RunWatches } from "./events/run-watches.js";
import { type Meter, metered } from "./meter.js";
import type { Method } from "./method.js";
import { Readiness } from "./readiness.js";
import { traced } from "./traced.js";

export interface MethodsOptions {
  readonly bus: Bus;
  readonly log: Logger;
  /** Milliseconds for a request to the orchestrators, all attempts together. */
  readonly requestTimeoutMs: number;
  /** Signs what is asked of orchestrators; they ask for it where they have keys. */
  readonly signingKey?: SigningKey | undefined;
  /** Milliseconds between the comparisons that find lost live messages; see RunWatches. */
  readonly compareEveryMs?: { readonly running: number; readonly waiting: number } | undefined;
  /** Milliseconds between looks at the bus and the orchestrators while somebody watches the health. */
  readonly watchHealthEveryMs?: number | undefined;
  /** Counts what is answered and who watches; nothing is counted without. */
  readonly meter?: Meter | undefined;
  /** This machine's clocks unless said: of what is compared now and then, and of what lies in the past. */
  readonly time?: Time;
}

export interface GatewayMethods {
  readonly methods: readonly Method[];
  readonly orchestrators: Orchestrators;
  readonly readiness: Readiness;
  /** Ends every stream, now and to come. The bus stays open. */
  stop(): void;
}

export function gatewayMethods(options: MethodsOptions): GatewayMethods {
  const { bus, log, signingKey, requestTimeoutMs, compareEveryMs: every, watchHealthEveryMs: followEveryMs } = options;
  const { meter, time = systemTime } = options;
  const orchestrators = new Orchestrators({ bus, log, timeoutMs: requestTimeoutMs, signingKey });
  const readiness = new Readiness({ bus, orchestrators, ...(followEveryMs === undefined ? {} : { followEveryMs }) });
  const watches = new RunWatches({
    bus,
    orchestrators,
    log,
    time,
    ...(every === undefined ? {} : { runningEveryMs: every.running, waitingEveryMs: every.waiting }),
  });
  return {
    methods: api({ orchestrators, watches, approvalNews: new ApprovalNews(bus, log), readiness, log, time })
      .map(traced)
      .map((method) => (meter === undefined ? method : metered(method, meter))),
    orchestrators,
    readiness,
    stop: () => {
      readiness.stop();
      watches.stop();
    },
  };
}
