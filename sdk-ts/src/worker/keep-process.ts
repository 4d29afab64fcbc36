import type { NatsConnection } from "nats";

/** What is looked at inside nats 2.29: its socket and the timer of its pings. Every level may be absent. */
interface Insides {
  readonly protocol?: {
    readonly transport?: { readonly socket?: Handle };
    readonly heartbeats?: { readonly timer?: Handle };
  };
}

interface Handle {
  readonly ref?: () => unknown;
  readonly unref?: () => unknown;
}

/**
 * Says whether a connection keeps the process alive. A script that has started an agent and printed its result should
 * end, and the client has no public way to say so: hence the look inside. Where a later version looks otherwise inside,
 * nothing happens and the process lives until the connection is closed. Call it again after a reconnection and a ping.
 */
export function keepProcess(connection: NatsConnection, keep: boolean): void {
  const { protocol } = connection as unknown as Insides;
  for (const handle of [protocol?.transport?.socket, protocol?.heartbeats?.timer]) {
    if (keep) handle?.ref?.();
    else handle?.unref?.();
  }
}
