// A notice as mail: a subject, a text, and the same as HTML, in which everything that somebody wrote is text.
import { escapedHtml } from "@agentspan/internal";
import type { Notice } from "../notice.js";
import { factsOf, headlineOf, readable, shownOnOneLine, shownPart } from "../shown-text.js";
import type { Mail } from "./smtp-mailer.js";

export interface MailLinks {
  /** Of the approval in the desk. */
  readonly desk?: string | undefined;
  /** By which this recipient decides. */
  readonly decide?: string | undefined;
}

/** Of arguments, in characters. */
const MOST_ARGUMENTS = 16_000;

export function composeMail(notice: Notice, to: string, list: string, links: MailLinks): Mail {
  const { type, data, deliveryId, opening, previews } = notice;
  const headline = headlineOf(type, data);
  const facts = factsOf(data);
  const parts = argumentParts(notice);
  const ways = waysOf(links, previews === true);
  const text = [
    `${headline}.`,
    facts.map(([name, value]) => `${name}: ${value}`).join("\n"),
    ...parts.map(({ name, text, note }) => [`${name}:`, text, ...(note === "" ? [] : [note])].join("\n")),
    ...ways.map(([words, url]) => `${words}\n${url}`),
    FOOT,
  ].join("\n\n");
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body style="font-family:sans-serif">',
    `<h1 style="font-size:1.2em">${escapedHtml(headline)}</h1>`,
    `<table>${facts.map(([name, value]) => `<tr><th align="left" valign="top">${escapedHtml(name)}</th><td>${lines(value)}</td></tr>`).join("")}</table>`,
    ...parts.map(
      ({ name, text, note }) =>
        `<h2 style="font-size:1em">${escapedHtml(name)}</h2><pre style="white-space:pre-wrap">${escapedHtml(text)}</pre>${note === "" ? "" : `<p>${escapedHtml(note)}</p>`}`,
    ),
    ...ways.map(([words, url]) => `<p><a href="${escapedHtml(url)}">${escapedHtml(words)}</a></p>`),
    `<p>${escapedHtml(FOOT)}</p></body></html>`,
  ].join("\n");
  const about = opening === undefined || opening === deliveryId ? {} : { about: opening };
  return { to, subject: `[Agentspan] ${shownOnOneLine(headline, 160)}`, text, html, id: deliveryId, ...about, list };
}

const FOOT =
  "This mail says that something happened, and decides nothing. It was sent by Agentspan, because an administrator asked for it.";

function waysOf({ desk, decide }: MailLinks, previews: boolean): readonly (readonly [words: string, url: string])[] {
  return [
    ...(decide === undefined ? [] : [["Look at it and decide, by a link that is for you alone", decide] as const]),
    ...(desk === undefined
      ? []
      : [[previews ? "See in the desk what it would do, and decide" : "Open it in the desk", desk] as const]),
  ];
}

interface ArgumentPart {
  readonly name: string;
  readonly text: string;
  /** What is not there. */
  readonly note: string;
}

function argumentParts({ data }: Notice): readonly ArgumentPart[] {
  const { argumentsJson, editedArgumentsJson, argumentsDigest } = data;
  if (argumentsJson === undefined) {
    return argumentsDigest === undefined ? [] : [{ name: "Arguments", text: argumentsDigest, note: NOT_HERE }];
  }
  const edited = editedArgumentsJson === undefined ? [] : [partOf("Arguments that a person gave", editedArgumentsJson)];
  return [partOf("Arguments", argumentsJson), ...edited];
}

const NOT_HERE = "That is their digest: the arguments themselves are not in this mail.";

function partOf(name: string, json: string): ArgumentPart {
  const { text, leftOut } = shownPart(readable(json), MOST_ARGUMENTS);
  return { name, text, note: leftOut === 0 ? "" : `${leftOut} more characters are not in this mail.` };
}

function lines(text: string): string {
  return escapedHtml(text).replaceAll("\n", "<br>");
}
