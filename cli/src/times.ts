// Times as an operator reads them: of this machine's time zone.

/** "2026-11-24 21:30:01"; "-" where there is none. */
export function dateAndTime(at: Date | undefined): string {
  if (at === undefined) return "-";
  const day = [at.getFullYear(), pad(at.getMonth() + 1), pad(at.getDate())].join("-");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => pad(part)).join(":")}`;
}

/** "21:30:01.123" */
export function timeOfDay(at: Date | undefined): string {
  if (at === undefined) return "-";
  return `${[at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => pad(part)).join(":")}.${pad(at.getMilliseconds(), 3)}`;
}

/** "3 min" */
export function span(ms: number): string {
  const steps = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
  ] as const;
  for (const [size, unit] of steps) if (ms >= size) return `${Math.floor(ms / size)} ${unit}`;
  return `${Math.max(0, Math.floor(ms / 1000))} s`;
}

function pad(part: number, digits = 2): string {
  return String(part).padStart(digits, "0");
}
