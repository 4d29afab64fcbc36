// References that lead back to where they began without having gone into the value: checking any value against them
// never ends. A reference under "properties" or "items" goes into the value, and ends with it.

type Rules = Readonly<Record<string, unknown>>;

/** Keywords that apply one schema, a list of schemas, or schemas by name to the same value. */
const ONE = ["if", "then", "else", "not"];
const LISTS = ["allOf", "anyOf", "oneOf"];
const NAMED = ["dependentSchemas", "dependencies"];

/** A reference of the schema that never comes to an end, as it is written there; undefined where each does. */
export function endlessReference(root: Rules): string | undefined {
  const anchors = new Map<string, unknown>();
  const all = schemasIn(root, anchors);
  const seen = new Map<unknown, "entered" | "left">();
  let found: string | undefined;
  const enter = (schema: unknown): boolean => {
    if (!isRules(schema) || seen.get(schema) === "left") return false;
    if (seen.get(schema) === "entered") return true;
    seen.set(schema, "entered");
    for (const reference of referencesOf(schema)) {
      if (!enter(resolve(root, anchors, reference))) continue;
      found ??= reference;
      return true;
    }
    if (appliedTo(schema).some(enter)) return true;
    seen.set(schema, "left");
    return false;
  };
  return all.some(enter) ? found : undefined;
}

/** Everything in the schema that may be one: what is none refers to nothing, or is never applied. */
function schemasIn(root: Rules, anchors: Map<string, unknown>): readonly Rules[] {
  const all: Rules[] = [];
  const queue: unknown[] = [root];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (Array.isArray(node)) queue.push(...node);
    if (!isRules(node)) continue;
    all.push(node);
    for (const anchor of [node.$anchor, node.$dynamicAnchor]) {
      if (typeof anchor === "string") anchors.set(`#${anchor}`, node);
    }
    for (const [keyword, value] of Object.entries(node)) if (!DATA.has(keyword)) queue.push(value);
  }
  return all;
}

const DATA = new Set(["const", "default", "enum", "examples"]);

function referencesOf({ $ref, $dynamicRef }: Rules): readonly string[] {
  return [$ref, $dynamicRef].filter((reference) => typeof reference === "string");
}

function appliedTo(schema: Rules): readonly unknown[] {
  return [
    ...ONE.map((keyword) => schema[keyword]),
    ...LISTS.flatMap((keyword) => schema[keyword] ?? []),
    ...NAMED.flatMap((keyword) => Object.values(schema[keyword] ?? {})),
  ];
}

function resolve(root: Rules, anchors: ReadonlyMap<string, unknown>, reference: string): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return anchors.get(reference);
  let node: unknown = root;
  for (const token of reference.slice(2).split("/")) {
    if (typeof node !== "object" || node === null) return undefined;
    const key = decoded(token).replaceAll("~1", "/").replaceAll("~0", "~");
    node = Object.hasOwn(node, key) ? (node as Rules)[key] : undefined;
  }
  return node;
}

function decoded(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

function isRules(node: unknown): node is Rules {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}
