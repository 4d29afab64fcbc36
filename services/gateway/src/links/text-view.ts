// Texts and values of models, tools and people, shown as what they are: the desk's rules (docs/desk.md) without its scripts.
import { hiddenIn, lookAlikesIn, nameOf, piecesOf } from "@agentspan/internal/characters";
import { indented, type JsonNode, readJson, textOf } from "@agentspan/internal/json-text";
import { type Content, type Html, html } from "./html.js";

/** On the line that it stands in; what cannot be seen is shown as its code. */
export function safeText(text: string): Html {
  const pieces = piecesOf(text).map((piece) => {
    if (piece.kind === "plain") return piece.text;
    const { code, name } = nameOf(piece.character);
    const times = piece.count > 1 ? ` ×${piece.count.toLocaleString("en")}` : "";
    return html`<mark title="${name}">${code}${times}</mark>`;
  });
  // Set apart from what is around it, whatever direction it is written in.
  return html`<bdi>${pieces}</bdi>`;
}

/** All of JSON text, each member with its value; what of it cannot be seen, or may be misread, is told below. */
export function jsonView(text: string): Html {
  const node = readJson(text);
  const shown =
    node?.kind === "object" && node.members.length > 0
      ? html`<dl class="values">${node.members.map(({ name, value }) => html`<div><dt>${safeText(name)}</dt><dd>${valueView(value)}</dd></div>`)}</dl>`
      : node === undefined
        ? block(text)
        : valueView(node);
  return html`${shown}${textNotes(text, node)}`;
}

function valueView(node: JsonNode): Content {
  switch (node.kind) {
    case "string":
      return node.value === "" ? html`<span class="quiet">an empty text</span>` : block(node.value);
    case "number":
      return html`<code>${node.text}</code>`;
    case "literal":
      return html`<code>${node.text}</code>`;
    default:
      return html`<span class="quiet">as JSON</span>${block(indented(textOf(node)))}`;
  }
}

function block(text: string): Html {
  return html`<div class="text">${safeText(text)}</div>`;
}

/** Escapes of JSON may hide what a text has: the values themselves are looked at. */
function textNotes(text: string, node: JsonNode | undefined): Html | false {
  const texts = node === undefined ? [text] : textsIn(node);
  const hidden = texts.reduce((count, one) => count + hiddenIn(one), 0);
  const counted = hidden === 1 ? "1 character" : `${hidden.toLocaleString("en")} characters`;
  return lookAlikeNotes(
    texts,
    hidden > 0 && html`<li>${counted} in it cannot be seen. Each is shown as its code.</li>`,
  );
}

/** Words in these texts that are not what they seem to be, below what else is to be noted. */
export function lookAlikeNotes(texts: readonly string[], first: Html | false = false): Html | false {
  const lookAlikes = new Map(texts.flatMap((one) => lookAlikesIn(one).map((found) => [found.word, found] as const)));
  if (first === false && lookAlikes.size === 0) return false;
  const notes = [...lookAlikes.values()]
    .slice(0, MOST_LOOKALIKES)
    .map(
      ({ word, why, codes }) =>
        html`<li>Look again: “${safeText(word)}” has ${safeText(why)} (${safeText(codes.join(", "))}).</li>`,
    );
  return html`<ul class="warnings">${first}${notes}</ul>`;
}

const MOST_LOOKALIKES = 8;

function textsIn(node: JsonNode): readonly string[] {
  switch (node.kind) {
    case "object":
      return node.members.flatMap(({ name, value }) => [name, ...textsIn(value)]);
    case "array":
      return node.items.flatMap(textsIn);
    case "string":
      return [node.value];
    default:
      return [];
  }
}
