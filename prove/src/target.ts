// What is proved: a stack of our own, or an installation that somebody else runs.
import type { LedgerLine, Rpc, Stack } from "@agentspan/e2e";
import type { TrustedKeys } from "@agentspan/internal";
import type { AgentDefinition } from "@agentspan/proto";
import type { StoredHistory } from "./checks/stored-histories.js";
import type { FaultKind } from "./faults/kinds.js";
import type { LossyProxy } from "./faults/lossy-proxy.js";
import type { Processes } from "./faults/processes.js";
import type { SmallDisk } from "./faults/small-disk.js";
import type { Random } from "./random.js";
import type { Story } from "./stories.js";
import type { KeyHolder } from "./trust/people.js";
import type { OfficeRpc } from "./way.js";

export interface Target {
  /** The ways to its gateways. */
  readonly rpcs: readonly Rpc[];
  /** What may be killed. */
  readonly processes: Processes;
  readonly proxies: readonly LossyProxy[];
  /** Where its servers are ours to break. */
  readonly stack: Stack | undefined;
  readonly disk: SmallDisk | undefined;
  /** Faults that cannot be tried here, each with the reason as a sentence. */
  readonly untried: readonly { readonly kind: FaultKind; readonly why: string }[];
  /** What the table must say besides. */
  readonly limits: readonly string[];
  readonly stories: readonly Story[];
  /** Who decides, and their own ways to the gateways; empty where nobody is known. */
  readonly people: readonly (KeyHolder & { readonly rpcs: readonly OfficeRpc[] })[];
  /** Whose signatures are believed; absent where nothing is signed. */
  readonly trusted?: TrustedKeys | undefined;
  readonly gated: ReadonlySet<string>;
  readonly once: ReadonlySet<string>;
  /** Now and then a definition that nobody has brought before. */
  agentOf(story: Story, random: Random): AgentDefinition;
  /** The input that makes the model tell the story. */
  inputOf(story: Story, random: Random): string;
  ledger(): readonly LedgerLine[];
  livingPids(): ReadonlySet<number>;
  /** What is stored, where that can be read. */
  stored(): Promise<readonly StoredHistory[] | undefined>;
  /** The last words of every process. */
  logs(): string;
  stop(): Promise<void>;
}
