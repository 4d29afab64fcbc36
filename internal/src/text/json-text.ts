// JSON text as a tree that keeps what was written: a number is its text, and an object its members in their order, also
// those with one name. What a person decides about is shown of this, and never of what a program made of it.

export type JsonNode =
  | { readonly kind: "object"; readonly members: readonly JsonMember[] }
  | { readonly kind: "array"; readonly items: readonly JsonNode[] }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "literal"; readonly text: "true" | "false" | "null" };

export interface JsonMember {
  readonly name: string;
  readonly value: JsonNode;
}

/** Deeper ones are shown as their text. */
const DEEPEST = 100;

const BLANKS = /[ \t\n\r]*/y;
// JSON.parse refuses what no string may hold.
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null/y;

/** Undefined where the text is no JSON, or is nested deeper than anybody could read. */
export function readJson(text: string): JsonNode | undefined {
  try {
    const reader = new Reader(text);
    const node = reader.value(0);
    return reader.isAtEnd() ? node : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** On several lines, with what is written kept as it is; the text itself where it is no JSON. */
export function indented(text: string): string {
  const node = readJson(text);
  return node === undefined ? text : written(node, "");
}

/** The JSON text of a node. */
export function textOf(node: JsonNode): string {
  switch (node.kind) {
    case "object":
      return `{${node.members.map(({ name, value }) => `${JSON.stringify(name)}:${textOf(value)}`).join(",")}}`;
    case "array":
      return `[${node.items.map(textOf).join(",")}]`;
    case "string":
      return JSON.stringify(node.value);
    default:
      return node.text;
  }
}

function written(node: JsonNode, margin: string): string {
  const inner = `${margin}  `;
  if (node.kind === "object" && node.members.length > 0) {
    const lines = node.members.map(({ name, value }) => `${inner}${JSON.stringify(name)}: ${written(value, inner)}`);
    return `{\n${lines.join(",\n")}\n${margin}}`;
  }
  if (node.kind === "array" && node.items.length > 0) {
    return `[\n${node.items.map((item) => `${inner}${written(item, inner)}`).join(",\n")}\n${margin}]`;
  }
  return textOf(node);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    this.#take(BLANKS);
    return this.#at === this.#text.length;
  }

  value(depth: number): JsonNode {
    if (depth > DEEPEST) throw new SyntaxError("nested too deep");
    this.#take(BLANKS);
    switch (this.#text[this.#at]) {
      case "{":
        return { kind: "object", members: this.#list("{", "}", () => this.#member(depth)) };
      case "[":
        return { kind: "array", items: this.#list("[", "]", () => this.value(depth + 1)) };
      case '"':
        return { kind: "string", value: this.#string() };
      default: {
        const literal = this.#take(LITERAL);
        if (literal === "true" || literal === "false" || literal === "null") return { kind: "literal", text: literal };
        const text = this.#take(NUMBER);
        if (text === undefined) throw new SyntaxError("no value");
        return { kind: "number", text };
      }
    }
  }

  #member(depth: number): JsonMember {
    this.#take(BLANKS);
    const name = this.#string();
    this.#take(BLANKS);
    this.#expect(":");
    return { name, value: this.value(depth + 1) };
  }

  #list<T>(open: string, close: string, one: () => T): readonly T[] {
    this.#expect(open);
    this.#take(BLANKS);
    const list: T[] = [];
    if (this.#text[this.#at] === close) {
      this.#at += 1;
      return list;
    }
    for (;;) {
      list.push(one());
      this.#take(BLANKS);
      if (this.#text[this.#at] === close) {
        this.#at += 1;
        return list;
      }
      this.#expect(",");
    }
  }

  #string(): string {
    const written = this.#take(STRING);
    if (written === undefined) throw new SyntaxError("no string");
    return JSON.parse(written) as string;
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) throw new SyntaxError(`no ${character}`);
    this.#at += 1;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
