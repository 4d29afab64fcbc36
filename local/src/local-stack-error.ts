import type { StackRecord } from "./stack-record.js";

/** Why the local stack cannot be had, or has ended: a closed list. */
export type LocalStackReason =
  | "DATA_IN_USE" // another command runs on the same data; `record` says which
  | "DATA_NOT_PRIVATE" // others may read the data folder, or it is somebody else's
  | "DATA_NOT_WRITABLE"
  | "DISK_FULL"
  | "NATS_NOT_OWN" // logins are asked for at a NATS server that is not started here
  | "PORT_TAKEN"
  | "PORT_TWICE" // two of the options name one port
  | "SERVICE_FAILED" // the orchestrator or the gateway did not start
  | "SERVER_LOST"; // NATS or the MongoDB server ended while it was needed

/** The local stack cannot be had, or has ended. The message says what happened and what to do about it. */
export class LocalStackError extends Error {
  override readonly name = "LocalStackError";
  /** With DATA_IN_USE: who runs. */
  readonly record: StackRecord | undefined;

  constructor(
    readonly reason: LocalStackReason,
    message: string,
    options: ErrorOptions & { readonly record?: StackRecord } = {},
  ) {
    super(message, options);
    this.record = options.record;
  }
}

/** The code of a system error: "ENOSPC". */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Whether an error, or what a server said before it ended, is about a full disk. */
export function isAboutFullDisk(error: unknown): boolean {
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") return true;
  const words = error instanceof Error ? error.message : String(error);
  return /No space left on device|ENOSPC|Disk quota exceeded/i.test(words);
}

export function diskFull(dataDir: string, cause?: unknown): LocalStackError {
  return new LocalStackError(
    "DISK_FULL",
    `The disk that holds ${dataDir} is full. Free some space, or name a folder on another disk with --data.`,
    { cause },
  );
}
