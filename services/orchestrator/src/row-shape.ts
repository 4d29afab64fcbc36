// What was stored, read by its shape: whoever can write into the database can put anything there, and nothing of it is
// taken for more than it is. A fault names the place, and never what is there.

/** What is at this place is not what belongs there. */
export class ShapeFault extends Error {
  override readonly name = "ShapeFault";
  /** Path from the row: "run.turn.calls[3].state". */
  constructor(readonly place: string) {
    super(`${place} is not as it should be`);
  }
}

/** Gives what belongs there and nothing else. Throws ShapeFault. */
export type Shape<T> = (value: unknown, place: string) => T;

type Shapes = Readonly<Record<string, Shape<unknown>>>;
type Read<S> = S extends Shape<infer T> ? T : never;
type Fields<R extends Shapes, O extends Shapes> = { readonly [K in keyof R]: Read<R[K]> } & {
  readonly [K in keyof O]?: Read<O[K]>;
};

export const text: Shape<string> = (value, place) => {
  if (typeof value === "string") return value;
  throw new ShapeFault(place);
};

export const flag: Shape<boolean> = (value, place) => {
  if (typeof value === "boolean") return value;
  throw new ShapeFault(place);
};

/** A whole number that is not negative and, unless said, one that counts exactly. */
export function whole(most = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value, place) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) return value;
    throw new ShapeFault(place);
  };
}

/** Of a time as JSON has it; clocks give fractions. */
export const finite: Shape<number> = (value, place) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ShapeFault(place);
};

export function oneOf<const T extends string | true>(...values: readonly T[]): Shape<T> {
  return (value, place) => {
    const found = values.find((one) => one === value);
    if (found !== undefined) return found;
    throw new ShapeFault(place);
  };
}

export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) throw new ShapeFault(place);
    return value.map((one, index) => item(one, `${place}[${index}]`));
  };
}

/** By keys that somebody chose, which are therefore no part of a place. */
export function byKey<T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value, place) => {
    if (!isObject(value)) throw new ShapeFault(place);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, item(one, place)]));
  };
}

/** An object with these fields, and those of `perhaps` where they are there. */
export function fields<R extends Shapes, O extends Shapes = Readonly<Record<never, never>>>(
  required: R,
  perhaps?: O,
): Shape<Fields<R, O>> {
  return (value, place) => {
    if (!isObject(value)) throw new ShapeFault(place);
    const within = (name: string): string => (place === "" ? name : `${place}.${name}`);
    const read: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(required)) read[name] = shape(own(value, name), within(name));
    for (const [name, shape] of Object.entries(perhaps ?? {})) {
      const found = own(value, name);
      if (found !== undefined) read[name] = shape(found, within(name));
    }
    return read as Fields<R, O>;
  };
}

/** An object of one of several kinds, as its field `kind` says. */
export function ofKind<K extends Shapes>(kinds: K): Shape<Read<K[keyof K]>> {
  return (value, place) => {
    const kind = isObject(value) ? own(value, "kind") : undefined;
    const shape = typeof kind === "string" && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (shape === undefined) throw new ShapeFault(place);
    return shape(value, place) as Read<K[keyof K]>;
  };
}

/** What the shape makes of it, or `otherwise` where it is not that. */
export function orElse<T>(shape: Shape<T>, otherwise: T): Shape<T> {
  return (value, place) => {
    try {
      return shape(value, place);
    } catch (fault) {
      if (fault instanceof ShapeFault) return otherwise;
      throw fault;
    }
  };
}

/** The value itself, once its shape was looked at: what a later version put beside it stays. */
export function kept<T>(shape: Shape<unknown>): Shape<T> {
  return (value, place) => {
    shape(value, place);
    return value as T;
  };
}

/** What is written in a JSON text. */
export function json<T>(shape: Shape<T>): Shape<T> {
  return (value, place) => shape(parsed(text(value, place), place), place);
}

function parsed(said: string, place: string): unknown {
  try {
    return JSON.parse(said) as unknown;
  } catch {
    throw new ShapeFault(place);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(value: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
