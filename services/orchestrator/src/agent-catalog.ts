// Definitions by version. A version is the hash of its content: it never changes, so what was read once is kept, and what
// was changed in the database is not read at all.
import { AgentspanError, faultPoint } from "@agentspan/internal";
import type { AgentDefinition } from "@agentspan/proto";
import type { Clock } from "./clock.js";
import type { Agent, Run } from "./core/index.js";
import { decodeAgent, encodeAgent, toCore, versionOf } from "./encode/agent.js";
import type { AgentStore, StoredAgent } from "./ports.js";

const MOST_AGENTS = 256;

export class AgentCatalog {
  private readonly agents = new Map<string, Agent>();
  private readonly beingStored = new Map<string, Promise<Agent>>();

  constructor(
    private readonly store: AgentStore,
    private readonly clock: Clock,
  ) {}

  /**
   * A definition that a run brings along: stored unless this process knows that it is. Runs that start together bring
   * the same one, and wait for one write of it. Undefined, and not stored, where it turns out not to be needed.
   */
  async ensure(
    namespace: string,
    message: AgentDefinition,
    isNeeded: () => Promise<boolean>,
  ): Promise<Agent | undefined> {
    const { version } = encodeAgent(message);
    const key = keyOf(namespace, message.name, version);
    const find = (): Agent | Promise<Agent> | undefined => this.agents.get(key) ?? this.beingStored.get(key);
    const known = find();
    if (known !== undefined) return known;
    if (!(await isNeeded())) return undefined;
    // Meanwhile another may have begun.
    return find() ?? this.storeOnce(key, namespace, message);
  }

  /** Stores a definition and makes it the newest version of its name. */
  async put(namespace: string, message: AgentDefinition): Promise<{ agent: Agent; created: boolean }> {
    const { definition, version } = encodeAgent(message);
    const stored = { namespace, name: message.name, version, definition, createdAt: this.clock.now() };
    faultPoint("orchestrator.before-agent");
    const created = await this.store.putAgent(stored);
    faultPoint("orchestrator.after-agent");
    return { agent: this.keep(stored), created };
  }

  /** The pinned definition of a run. */
  async agentOf({ namespace, agentName, agentVersion }: Run): Promise<Agent> {
    return (await this.get(namespace, agentName, agentVersion)).agent;
  }

  /** One version, or the newest. Rejects with AGENT_NOT_FOUND. */
  async get(namespace: string, name: string, version?: string): Promise<{ agent: Agent; stored?: StoredAgent }> {
    const known = version === undefined ? undefined : this.agents.get(keyOf(namespace, name, version));
    if (known !== undefined) return { agent: known };
    const stored = await this.find(namespace, name, version);
    return { agent: this.keep(stored), stored };
  }

  /** Rejects with AGENT_NOT_FOUND, and with INTERNAL where what is stored is not what was put. */
  async find(namespace: string, name: string, version?: string): Promise<StoredAgent> {
    const stored = await this.store.getAgent(namespace, name, version);
    if (stored !== undefined) {
      requireUnchanged(stored);
      return stored;
    }
    throw agentNotFound(name, version);
  }

  private async storeOnce(key: string, namespace: string, message: AgentDefinition): Promise<Agent> {
    const stored = this.put(namespace, message).then(({ agent }) => agent);
    this.beingStored.set(key, stored);
    try {
      return await stored;
    } finally {
      this.beingStored.delete(key);
    }
  }

  private keep(stored: StoredAgent): Agent {
    const agent = toCore(decodeAgent(stored.definition), stored.version);
    const key = keyOf(stored.namespace, stored.name, stored.version);
    this.agents.delete(key);
    this.agents.set(key, agent);
    const [oldest] = this.agents.keys();
    if (this.agents.size > MOST_AGENTS && oldest !== undefined) this.agents.delete(oldest);
    return agent;
  }
}

export function agentNotFound(name: string, version?: string): AgentspanError {
  const which = version === undefined ? "" : ` with version ${version}`;
  return new AgentspanError(
    "AGENT_NOT_FOUND",
    `There is no agent ${name}${which}. Start a run with its definition, or store it (AgentService/PutAgent).`,
  );
}

function requireUnchanged({ name, version, definition }: StoredAgent): void {
  if (versionOf(definition) === version && decodeAgent(definition).name === name) return;
  throw new AgentspanError(
    "INTERNAL",
    `What is stored of agent ${name} is not its version ${version}: it was changed in the database. Its runs go on when it is put back.`,
  );
}

function keyOf(namespace: string, name: string, version: string): string {
  return `${namespace}/${name}/${version}`;
}
