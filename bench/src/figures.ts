// What the benchmark reports. A figure that was not measured is absent, and `absent` says why.

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

export interface Figures {
  readonly startToWaitingMs: Percentiles;
  readonly approveToDoneMs: Percentiles;
  readonly runsPerSecond: number;
  readonly cpuMsPerRun: {
    readonly gateway?: number;
    readonly orchestrator?: number;
    readonly worker?: number;
    readonly client?: number;
    readonly nats?: number;
    readonly store?: number;
  };
  readonly commitsPerRun?: number;
  readonly waiting: { readonly runs: number; readonly memoryKiBPerRun?: number; readonly storeKiBPerRun?: number };
  readonly versions: Readonly<Record<string, string>>;
  readonly absent: readonly string[];
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
  return { p50: at(0.5), p99: at(0.99) };
}

export function round(value: number, digits = 1): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

export function table(figures: Figures): string {
  const { startToWaitingMs, approveToDoneMs, cpuMsPerRun, waiting } = figures;
  const rows: (readonly [string, string])[] = [
    ["start → waiting, one in flight", `p50 ${startToWaitingMs.p50} ms, p99 ${startToWaitingMs.p99} ms`],
    ["approve → done, one in flight", `p50 ${approveToDoneMs.p50} ms, p99 ${approveToDoneMs.p99} ms`],
    ["complete runs a second, 64 in flight", String(figures.runsPerSecond)],
  ];
  for (const [name, value] of Object.entries(cpuMsPerRun)) rows.push([`CPU of the ${name}`, `${value} ms a run`]);
  const { gateway, orchestrator, worker, client } = cpuMsPerRun;
  if (gateway !== undefined && orchestrator !== undefined && worker !== undefined && client !== undefined) {
    rows.push([
      "CPU of gateway, orchestrator, worker, client",
      `${round(gateway + orchestrator + worker + client)} ms a run`,
    ]);
  }
  if (figures.commitsPerRun !== undefined) rows.push(["commits", `${figures.commitsPerRun} a run`]);
  if (waiting.memoryKiBPerRun !== undefined) {
    rows.push([`memory with ${waiting.runs} runs waiting`, `${waiting.memoryKiBPerRun} KiB a run`]);
  }
  if (waiting.storeKiBPerRun !== undefined) rows.push(["store", `${waiting.storeKiBPerRun} KiB a waiting run`]);
  for (const [name, version] of Object.entries(figures.versions)) rows.push([name, version]);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return [...lines, ...figures.absent.map((reason) => `  not measured: ${reason}`)].join("\n");
}
