// What helps to read a value and is not the value: where the thousands of a number are, what day a date is.

/** The whole part of a number in groups of three, from the left, and what follows it; their texts together are the number. */
export function groupsOf(number: string): { readonly groups: readonly string[]; readonly rest: string } {
  const [, sign = "", whole = "", rest = ""] = /^(-?)(\d+)(.*)$/.exec(number) ?? [];
  if (whole === "") return { groups: [], rest: number };
  if (whole.length < 5) return { groups: [sign + whole], rest };
  const first = whole.length % 3 || 3;
  const groups = [whole.slice(0, first)];
  for (let at = first; at < whole.length; at += 3) groups.push(whole.slice(at, at + 3));
  return { groups: [sign + groups[0], ...groups.slice(1)], rest };
}

/** The number without its exponent: "1e+21" is hard to read. Undefined where there is none. */
export function writtenOut(number: string): string | undefined {
  const [, sign = "", whole = "", fraction = "", power = ""] =
    /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/.exec(number) ?? [];
  const exponent = Number(power);
  if (power === "" || Math.abs(exponent) > 40) return undefined;
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point >= digits.length) return sign + digits.padEnd(point, "0");
  if (point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  return `${sign}0.${"0".repeat(-point)}${digits}`;
}

const MONEY =
  /(?:^|_|[a-z](?=[A-Z]))?(?:amount|price|total|subtotal|cost|fee|refund|balance|payment|sum|charge|limit|budget)$/i;

/** Whether a member of this name is money by its name. */
export function isMoney(name: string): boolean {
  return MONEY.test(name);
}

const CURRENCY = /^[A-Z]{3}$/;

/** The code of the currency that stands beside an amount: "EUR". */
export function currencyAmong(
  members: readonly { readonly name: string; readonly value: { readonly kind: string; readonly value?: string } }[],
): string | undefined {
  const found = members.filter(
    ({ name, value }) => /currency/i.test(name) && value.kind === "string" && CURRENCY.test(value.value ?? ""),
  );
  // Of two nobody could tell which is meant.
  return found.length === 1 ? found[0]?.value.value : undefined;
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** What an ISO date or time means to whoever reads it; undefined for any other text. */
export function dateMeant(text: string, nowMs: number): string | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const hasTime = text.length > 10;
  const zone = match[1];
  // Without a zone nobody knows when it is: only the day is told.
  const at = new Date(hasTime && zone !== undefined ? text.replace(" ", "T") : `${text.slice(0, 10)}T00:00:00`);
  if (Number.isNaN(at.getTime())) return undefined;
  const day = { weekday: "short", day: "numeric", month: "short", year: "numeric" } as const;
  if (!hasTime) return at.toLocaleDateString("en-GB", day);
  if (zone === undefined) return `${at.toLocaleDateString("en-GB", day)}, no time zone said`;
  const local = at.toLocaleString("en-GB", { ...day, hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  return `${local}, ${fromNow(at.getTime(), nowMs)}`;
}

const UNITS = [
  ["year", 365 * 86_400_000],
  ["month", 30 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** "in 3 hours", "2 days ago". */
export function fromNow(atMs: number, nowMs: number): string {
  const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  const [unit, ms] = unitOf(atMs - nowMs);
  return words.format(Math.trunc((atMs - nowMs) / ms), unit);
}

/** "3 hours", "40 seconds": how long. */
export function lasting(ms: number): string {
  const [unit, one] = unitOf(ms);
  const count = Math.max(0, Math.trunc(ms / one));
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** "320 ms", "1.2 s", "3 minutes": how long, where less than a second counts too. */
export function shortly(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  return ms < 60_000 ? `${(Math.floor(ms / 100) / 10).toLocaleString("en")} s` : lasting(ms);
}

function unitOf(ms: number): (typeof UNITS)[number] {
  return UNITS.find(([, one]) => Math.abs(ms) >= one) ?? ["second", 1_000];
}
