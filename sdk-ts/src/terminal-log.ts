// What the logger says, for a person at a terminal.

/** Characters that would move the cursor, hide themselves or turn the writing direction around. */
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * "warn  A tool threw: no such order  toolName=get_order attempt=1" of a JSON line; a stack only with `stacks`, on
 * lines of its own.
 */
export function terminalLine(json: string, { stacks }: { readonly stacks: boolean }): string {
  const entry = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const { level, msg, err, time: _time, name: _name, pid: _pid, ...fields } = entry;
  const error = typeof err === "object" && err !== null ? err : { message: err };
  const { message, stack } = error as { readonly message?: unknown; readonly stack?: unknown };
  const why = message === undefined || message === null ? "" : `: ${String(message)}`;
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`);
  const line = [`${String(level).padEnd(5)} ${String(msg)}${why}`, rest.join(" ")].filter(Boolean).join("  ");
  const under = stacks && typeof stack === "string" ? stack.split("\n") : [];
  return [line, ...under].map((text) => `${fit(text)}\n`).join("");
}

function shown(value: unknown): string {
  return typeof value === "string" && !/[\s"]/.test(value) ? value : JSON.stringify(value);
}

function fit(line: string): string {
  return line
    .replace(/\s*\n\s*/g, " ")
    .replace(UNFIT, (unfit) => `\\u{${(unfit.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}}`);
}
