/** A fault that somebody might write into the core: one replacement in one file of src/core. */
export interface Mutant {
  /** The one of core-properties.test.ts that forbids it. */
  readonly invariant: number;
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export function mutant(invariant: number, what: string, file: string, from: string, to: string): Mutant {
  return { invariant, what, file, from, to };
}
