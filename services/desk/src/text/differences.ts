// What is other in one JSON value than in another, place by place.
import { type JsonMember, type JsonNode, textOf } from "./json-text.js";

export interface Difference {
  /** "lines[0].price"; empty for the whole. */
  readonly place: string;
  /** JSON text; undefined where there was nothing. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** In the order of what is before, and then of what was added. */
export function differencesOf(before: JsonNode, after: JsonNode, place = ""): readonly Difference[] {
  if (before.kind === "object" && after.kind === "object" && !isTwofold(before.members) && !isTwofold(after.members)) {
    const names = new Set([...before.members, ...after.members].map(({ name }) => name));
    return [...names].flatMap((name) =>
      between(memberOf(before.members, name), memberOf(after.members, name), below(place, name)),
    );
  }
  if (before.kind === "array" && after.kind === "array") {
    const length = Math.max(before.items.length, after.items.length);
    return Array.from({ length }, (_, at) => between(before.items[at], after.items[at], `${place}[${at}]`)).flat();
  }
  const [was, is] = [textOf(before), textOf(after)];
  return was === is ? [] : [{ place, before: was, after: is }];
}

function between(before: JsonNode | undefined, after: JsonNode | undefined, place: string): readonly Difference[] {
  if (before !== undefined && after !== undefined) return differencesOf(before, after, place);
  return [{ place, before: before && textOf(before), after: after && textOf(after) }];
}

function memberOf(members: readonly JsonMember[], name: string): JsonNode | undefined {
  return members.find((member) => member.name === name)?.value;
}

function isTwofold(members: readonly JsonMember[]): boolean {
  return new Set(members.map(({ name }) => name)).size < members.length;
}

function below(place: string, name: string): string {
  const part = /^[A-Za-z_][\w-]*$/.test(name) ? name : JSON.stringify(name);
  return place === "" ? part : `${place}.${part}`;
}
