import { AgentspanError, type FieldFault, Limits, MAX_FIELD_VIOLATIONS } from "@agentspan/internal";

/** A limit by its name in Limits: the name that the error gives. */
export type LimitName = keyof typeof Limits;

interface Excess {
  readonly field: string;
  readonly limit: LimitName;
  readonly size: number;
  /** The rest was not counted. */
  readonly atLeast?: boolean;
}

/** Collects everything that is wrong with one request, so that its author sees all of it at once. */
export class Faults {
  readonly #fields: FieldFault[] = [];
  #excess: Excess | undefined;
  #invalid = false;
  #count = 0;

  /** `field` is a path as JSON names it, `description` goes on after it: "must not be empty". */
  add(field: string, description: string): void {
    this.#invalid = true;
    this.#note(field, description);
  }

  /** A size or a count over a limit. Alone it makes LIMIT_EXCEEDED, beside other faults INVALID_REQUEST. */
  exceeds(field: string, limit: LimitName, size: number): void {
    this.#excess ??= { field, limit, size };
    this.#note(field, describe(limit, size));
  }

  throwIfAny(): void {
    if (this.#count === 0) return;
    const fields = this.#fields;
    if (this.#excess !== undefined && !this.#invalid) throw limitExceeded(this.#excess, this.#message(), fields);
    throw new AgentspanError("INVALID_REQUEST", this.#message(), { fields });
  }

  #note(field: string, description: string): void {
    this.#count += 1;
    if (this.#fields.length >= MAX_FIELD_VIOLATIONS) return;
    // It goes on in a sentence, and some are one already.
    this.#fields.push({ field, description: description.replace(/\.$/u, "") });
  }

  #message(): string {
    const shown = this.#fields.slice(0, 3).map(({ field, description }) => `${field} ${description}`);
    const more = this.#count - shown.length;
    return `The request cannot be taken: ${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
  }
}

/** The error of one value that is over a limit. */
export function limitExceeded(excess: Excess, message?: string, fields?: readonly FieldFault[]): AgentspanError {
  const { field, limit, size, atLeast } = excess;
  const description = describe(limit, size, atLeast);
  return new AgentspanError("LIMIT_EXCEEDED", message ?? `The request cannot be taken: ${field} ${description}.`, {
    metadata: { limit, max: String(Limits[limit]), size: String(size), field },
    fields: fields ?? [{ field, description }],
  });
}

function describe(limit: LimitName, size: number, atLeast = false): string {
  const unit = limit.endsWith("Bytes") ? " bytes" : "";
  return `has ${atLeast ? "at least " : ""}${size}${unit}, and the limit ${limit} is ${Limits[limit]}${unit}`;
}
