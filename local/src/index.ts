// All of Agentspan on one machine, for the command line and for tests.
export { logFolderOf } from "./child-logs.js";
export { defaultDataDir, type Environment, type PrivacyProblem, prepareDataDir, privacyProblem } from "./data-dir.js";
export { keysFolderOf, trustedKeysFileOf } from "./local-keys.js";
export { CHILDREN, type ChildName, type LocalStack, type LocalStackOptions, startLocalStack } from "./local-stack.js";
export { LocalStackError, type LocalStackReason } from "./local-stack-error.js";
export { type MemoryChildName, type MemoryStack, type MemoryStackOptions, startMemoryStack } from "./memory-stack.js";
export { isAgentspan, portProblem } from "./ports.js";
export { runningStack } from "./stack-lock.js";
export type { ProcessRecord, StackRecord } from "./stack-record.js";
export { type StackState, type StackStatus, stackStatus } from "./stack-status.js";
export { type StackStop, stopStack } from "./stop-stack.js";
export { workersFolderOf } from "./worker-logins.js";
