// What a test writes down for a kit, looked at when it is written: a script that says nothing by mistake would let a wrong
// agent pass.
import { AgentspanError } from "@agentspan/internal";
import { type OptionKind, type OptionKinds, requireKind, requireOptions, shown } from "../option-check.js";
import { KitError } from "./kit-error.js";

/** As requireOptions; throws KitError. */
export function checkOptions<T>(
  options: unknown,
  whose: string,
  kinds: OptionKinds<T>,
  required: readonly (keyof T & string)[] = [],
): void {
  checked(() => requireOptions(options, whose, kinds, required));
}

/** As requireKind; throws KitError. */
export function checkKind(value: unknown, kind: OptionKind, what: string): void {
  checked(() => requireKind(value, kind, "value", what));
}

/** Milliseconds, or whatever else the check gives; what the SDK says of a value it refuses, a KitError says. */
export function checked<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof AgentspanError) throw new KitError(error.message, { cause: error });
    throw error;
  }
}

/** A value's JSON. Throws KitError where it has none. */
export function jsonOf(value: unknown, what: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new KitError(`${what} cannot be written as JSON: ${why}`, { cause: error });
  }
  if (text === undefined) throw new KitError(`${what} cannot be written as JSON: ${shown(value)}`);
  return text;
}
