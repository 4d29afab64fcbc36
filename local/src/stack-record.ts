// What a running stack writes down about itself, for the next one and for commands that look for it.

/** One process, for ever: a pid alone may be somebody else's by now. */
export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  /** When it began, as birthOf tells it. */
  readonly birth: string;
}

export interface StackRecord {
  /** The command that runs the stack. */
  readonly owner: ProcessRecord;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Set once it answers. */
  readonly url?: string;
  readonly grpcUrl?: string;
  readonly natsUrl?: string;
  /** Of a MongoDB server of its own. */
  readonly mongoPort?: number;
  /** Of the program that runs the stack. */
  readonly version?: string;
  readonly children: readonly ProcessRecord[];
  /** It has stopped; children it names could not be. */
  readonly released: boolean;
}

/** Reads what a file holds; undefined where it is no record of this version. */
export function readRecord(text: string): StackRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // Cut off by a full disk, or edited: it names nobody.
  }
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is StackRecord {
  if (typeof value !== "object" || value === null) return false;
  const { owner, startedAt, children, released } = value as Partial<StackRecord>;
  return (
    isProcess(owner) &&
    typeof startedAt === "string" &&
    typeof released === "boolean" &&
    Array.isArray(children) &&
    children.every(isProcess)
  );
}

function isProcess(value: unknown): value is ProcessRecord {
  if (typeof value !== "object" || value === null) return false;
  const { name, pid, birth } = value as Partial<ProcessRecord>;
  return typeof name === "string" && Number.isInteger(pid) && typeof birth === "string" && birth !== "";
}
