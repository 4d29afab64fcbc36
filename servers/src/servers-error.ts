/** Why a server could not be had: a closed list. */
export type ServersErrorReason =
  | "NO_PYTHON" // no Python that can make the virtual environment
  | "FETCH_FAILED" // pip could not install the servers
  | "NO_GO" // no Go that can build a module
  | "BUILD_FAILED" // Go could not build it
  | "DISK_FULL"
  | "START_FAILED" // the server ended, or did not answer in time
  | "NOT_OURS"; // asked to stop or restart a server that somebody else runs

/** A server cannot be had or controlled. The message says what happened and what to do about it. */
export class ServersError extends Error {
  override readonly name = "ServersError";
  constructor(
    readonly reason: ServersErrorReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
