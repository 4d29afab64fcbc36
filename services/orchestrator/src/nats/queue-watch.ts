// Hears of what is taken from the work queue by others, and that its settings were changed: JetStream tells of it in the
// account of the stream. Whoever may publish to JetStream's API can do so, by mistake or not. A word that is lost does no
// harm: a connection that was away looks for itself when it is back.
import { isCallFilter, type Logger, QUEUE_ADVISORIES, TASK_STREAM } from "@agentspan/internal";
import type { Msg, NatsConnection } from "nats";

/** What JetStream says of each request to its API, as far as it matters here. */
interface ApiAudit {
  readonly subject: string;
  readonly request: string;
  readonly response: string;
  readonly client: {
    readonly kind?: string;
    readonly acc?: string;
    readonly user?: string;
    readonly host?: string;
  };
}

const WARN_EVERY_MS = 10_000;
/** Requests that take something away, each with the stream's name behind it. */
const REMOVALS = ["STREAM.DELETE", "STREAM.PURGE", "STREAM.MSG.DELETE", "CONSUMER.DELETE"].map(
  (verb) => `$JS.API.${verb}.${TASK_STREAM}`,
);

export class QueueWatch {
  #removals = 0;
  #warnAfter = 0;

  constructor(
    connection: NatsConnection,
    private readonly logger: Logger,
    private readonly onLoss: () => void,
    onUpdate: () => void,
  ) {
    const { streamUpdated, streamDeleted, consumerDeleted, api } = QUEUE_ADVISORIES;
    const hear = (subject: string, take: (message: Msg) => void): void => {
      const callback = (err: Error | null, message: Msg) => {
        if (err === null) take(message);
        else logger.error({ err, subject }, "NATS does not tell this orchestrator what becomes of the work queue");
      };
      connection.subscribe(subject, { callback });
    };
    hear(streamUpdated, () => onUpdate());
    // Not only requests take these away: a consumer goes that nobody asks for long, a stream with the disk that it was on.
    hear(streamDeleted, () => onLoss());
    hear(consumerDeleted, () => onLoss());
    hear(api, ({ data }) => {
      const audit = removalIn(data);
      if (audit !== undefined) this.#removed(audit);
    });
  }

  /** One line in a while: who does this may do it very often. */
  #removed({ subject = "", client = {} }: Partial<ApiAudit>): void {
    this.#removals += 1;
    this.onLoss();
    const now = performance.now();
    if (now < this.#warnAfter) return;
    const { kind, acc: account, user, host } = client;
    const fields = { subject, by: { kind, account, user, host }, removals: this.#removals };
    this.logger.warn(fields, "Somebody took from the work queue: it is looked after, and hints are announced again");
    this.#removals = 0;
    this.#warnAfter = now + WARN_EVERY_MS;
  }
}

/** A request that took something and is no withdrawal of one call's hints, as orchestrators make them. */
function removalIn(data: Uint8Array): Partial<ApiAudit> | undefined {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  // Most requests are others', and their answers may be long.
  if (!REMOVALS.some((subject) => text.includes(subject))) return undefined;
  const audit = readJson<ApiAudit>(text.toString());
  const { subject = "", request = "", response = "" } = audit;
  if (!REMOVALS.some((removal) => subject === removal || subject.startsWith(`${removal}.`))) return undefined;
  if (isCallFilter(readJson<{ filter: string }>(request).filter ?? "")) return undefined;
  return readJson<{ success: boolean }>(response).success === true ? audit : undefined;
}

/** Without fields where it is no object: anybody may have sent the request. */
function readJson<T extends object>(text: string): Partial<T> {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null ? (read as Partial<T>) : {};
  } catch {
    return {}; // That it is none is the answer.
  }
}
