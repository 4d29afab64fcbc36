// All that a database keeps.
import type { AgentStore } from "./agents.js";
import type { AuditStore } from "./audit.js";
import type { GrantStore } from "./grants.js";
import type { IdentityStore } from "./identity.js";
import type { KeyStore } from "./keys.js";
import type { PermitStore } from "./permits.js";
import type { InstanceStore, ToolStore } from "./processes.js";
import type { Census, RunStore } from "./runs.js";
import type { WebhookStore } from "./webhooks.js";

export interface Store
  extends GrantStore,
    RunStore,
    AgentStore,
    ToolStore,
    InstanceStore,
    KeyStore,
    PermitStore,
    AuditStore,
    WebhookStore,
    IdentityStore {
  /** For figures: it may be a little behind, and takes time by the runs that have not ended. */
  census(): Promise<Census>;
  /** The store's clock, milliseconds since the epoch; used to correct ours. */
  serverTime(): Promise<number>;
  /** Makes indexes; safe to call from several processes at once. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}
