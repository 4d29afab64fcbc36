/** What a command ends with: docs/command.md has the same table, which a test compares with this one. */
export const EXIT_CODES = {
  done: 0,
  failed: 1,
  /** Also where the server says so of a request. */
  calledWrongly: 2,
  notRunning: 3,
  runFailed: 4,
  runCancelled: 5,
  runTimedOut: 6,
  /** As a shell counts a command that SIGINT ended. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
