// One line of a transcript's command language: a verb, words, and named values.
//
//   approve t1c1 by=maria decision=d1 comment="looks right" edit={"order_id":"ORD-1"}
//
// A value is a word, a JSON string, or balanced JSON. Every word and value must be asked for: a line with one that
// nobody reads is an error, so that a misspelt name does not pass for its default.

export class Line {
  readonly verb: string;
  private readonly words: string[] = [];
  private readonly named = new Map<string, string>();

  constructor(readonly text: string) {
    const parts = split(text);
    this.verb = parts.shift() ?? "";
    for (const part of parts) {
      const [, name, value] = /^([a-z-]+)=(.*)$/su.exec(part) ?? [];
      if (name === undefined || value === undefined) this.words.push(part);
      else this.named.set(name, value.startsWith('"') ? String(JSON.parse(value)) : value);
    }
  }

  /** The next word that stands alone. */
  word(): string | undefined {
    return this.words.shift();
  }

  /** Whether a word stands in the line. */
  flag(name: string): boolean {
    const at = this.words.indexOf(name);
    if (at >= 0) this.words.splice(at, 1);
    return at >= 0;
  }

  value(name: string): string | undefined {
    const value = this.named.get(name);
    this.named.delete(name);
    return value;
  }

  /** Names, parted by commas. */
  list(name: string): readonly string[] | undefined {
    return this.value(name)?.split(",");
  }

  needed(name: string): string {
    const value = this.value(name);
    if (value === undefined) throw new Error(`${this.text}: ${name}= is missing.`);
    return value;
  }

  number(name: string, otherwise: number): number {
    const value = this.value(name);
    return value === undefined ? otherwise : Number(value);
  }

  /** Milliseconds. */
  duration(name: string): number | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : parseDuration(value);
  }

  end(): void {
    const left = [...this.words, ...this.named.keys()];
    if (left.length > 0) throw new Error(`${this.text}: nobody reads ${left.join(", ")}.`);
  }
}

function split(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (quoted && char === "\\") {
      part += char + text.charAt(i + 1);
      i += 1;
      continue;
    }
    if (char === '"') quoted = !quoted;
    else if (!quoted && (char === "{" || char === "[")) depth += 1;
    else if (!quoted && (char === "}" || char === "]")) depth -= 1;
    if (char === " " && !quoted && depth === 0) {
      if (part !== "") parts.push(part);
      part = "";
    } else part += char;
  }
  if (part !== "") parts.push(part);
  return parts;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "1h30m", "10s", "500ms", with or without a plus sign. */
export function parseDuration(text: string): number {
  const parts = [...text.replace(/^\+/u, "").matchAll(/([0-9.]+)(ms|s|m|h|d)/gu)];
  if (parts.map(([part]) => part).join("") !== text.replace(/^\+/u, "")) throw new Error(`No duration: ${text}`);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0), 0);
}

export function printDuration(ms: number): string {
  if (ms < 0) return `-${printDuration(-ms)}`;
  let left = ms;
  let text = "";
  for (const unit of ["d", "h", "m"] as const) {
    const size = UNITS[unit] ?? 1;
    const count = Math.floor(left / size);
    if (count > 0) text += `${count}${unit}`;
    left -= count * size;
  }
  return left > 0 || text === "" ? `${text}${left / 1_000}s` : text;
}
