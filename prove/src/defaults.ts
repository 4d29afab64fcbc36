/** The long form of a proof, unless said. */
export const DEFAULTS = {
  runs: 1_000,
  atOnce: 60,
  forMs: 120_000,
  killEveryMs: 1_000,
  pointEveryMs: 300,
  otherEveryMs: 6_000,
  boundMs: 60_000,
  orchestrators: 4,
  gateways: 3,
  workers: 4,
  leaseMs: 2_500,
  everyPoint: true,
  trust: true,
} as const;
