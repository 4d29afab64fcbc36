// Whose the work queue is. Orchestrators of two databases at one NATS would share requests and tasks, and each would know
// nothing of half of them: so the queue is marked with the id of its database, and those of another leave it alone.
import { AgentspanError, TASK_STREAM } from "@agentspan/internal";
import type { IdentityStore } from "../ports.js";

export class QueueOwner {
  #id: string | undefined;
  #refused: AgentspanError | undefined;

  constructor(
    private readonly database: IdentityStore,
    /** Called once, where the queue turns out to be another's. */
    private readonly onRefused: (error: AgentspanError) => void,
  ) {}

  /** Why this process may not use the queue any more: another database had it once. Only a new start looks again. */
  get refused(): AgentspanError | undefined {
    return this.#refused;
  }

  /** Throws BUS_UNAVAILABLE where the queue is another's. */
  demand(): void {
    if (this.#refused !== undefined) throw this.#refused;
  }

  /**
   * Resolves to the mark that the queue must have, given the one that was read of it. Rejects with BUS_UNAVAILABLE where
   * that is another database's. Whoever marks a queue reads it again and asks once more: the last mark counts.
   */
  async markFor(found: string | undefined): Promise<string> {
    this.demand();
    // After the mark was read: a database has its id before a queue has its mark.
    this.#id ??= await this.database.readDatabaseId();
    if (found !== undefined && found !== this.#id) {
      throw this.#refuse(found);
    }
    this.#id ??= await this.database.makeDatabaseId();
    return this.#id;
  }

  #refuse(owner: string): AgentspanError {
    if (this.#refused === undefined) {
      this.#refused = anothers(owner);
      this.onRefused(this.#refused);
    }
    return this.#refused;
  }
}

/** Without retryAfterMs: it does not mend by itself. */
function anothers(owner: string): AgentspanError {
  const text = `The NATS of NATS_URL belongs to another database (${owner}) than that of MONGODB_URI and AGENTSPAN_DATABASE, and all orchestrators of one NATS must have one database: correct whichever is wrong, or, to give this NATS to this database for good, stop all orchestrators of the other, delete the stream (nats stream rm ${TASK_STREAM}), and start again.`;
  return new AgentspanError("BUS_UNAVAILABLE", text);
}
