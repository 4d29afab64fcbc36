// Limits, stated once and enforced where a value enters. Bytes are of UTF-8.

const KiB = 1024;
const MiB = 1024 * KiB;

export const Limits = {
  inputBytes: 256 * KiB,
  instructionsBytes: 256 * KiB,
  toolDescriptionBytes: 16 * KiB,
  toolSchemaBytes: 64 * KiB,
  definitionBytes: 1 * MiB,
  toolsPerAgent: 128,
  argumentsBytes: 256 * KiB,
  resultBytes: 256 * KiB,
  argumentsOfTurnBytes: 2 * MiB,
  callsPerTurn: 128,
  documentBytes: 4 * MiB,
  documentWarningBytes: 3 * MiB,
  runBytes: 64 * MiB,
  reasonBytes: 16 * KiB,
  decisionIdBytes: 128,
  idempotencyKeyBytes: 256,
  votesRequired: 16,
  approvers: 64,
  ruleBytes: 4 * KiB,
  grantUses: 100_000,
  webhookUrlBytes: 2 * KiB,
  webhooks: 100,
  webhookSecrets: 8,
  durationDays: 3_650,
  previewBytes: 64 * KiB,
  previewFields: 32,
  labels: 64,
  labelKeyBytes: 63,
  labelValueBytes: 256,
  maxTurns: 10_000,
  defaultMaxTurns: 25,
  pageSize: 1000,
  defaultPageSize: 100,
  countedApprovals: 10_000,
  linkDays: 30,
  pageBytes: 768 * KiB,
  liveMessageBytes: 256 * KiB,
  requestBytes: 2 * MiB,
} as const;

/** What agents, tools and queues may be called. */
export const NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
