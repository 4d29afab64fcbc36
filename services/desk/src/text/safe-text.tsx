// A text of a model, a tool or a person, shown as the text that it is.
import { Button } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { hiddenIn, lookAlikesIn, nameOf, piecesOf } from "./characters.js";

/** On the line that it stands in; what cannot be seen is shown as its code. */
export function SafeText({ text }: { readonly text: string }): ReactNode {
  const pieces = useMemo(() => piecesOf(text), [text]);
  // Set apart from what is around it, whatever direction it is written in.
  return (
    <bdi>
      {pieces.map((piece, at) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other name than their place.
        if (piece.kind === "plain") return <span key={at}>{piece.text}</span>;
        // biome-ignore lint/suspicious/noArrayIndexKey: as above.
        return <Hidden key={at} character={piece.character} count={piece.count} />;
      })}
    </bdi>
  );
}

function Hidden({ character, count }: { readonly character: string; readonly count: number }): ReactNode {
  const { code, name } = nameOf(character);
  return (
    <mark className="hidden-character" title={`${name}, ${code}`}>
      {code}
      {count > 1 ? ` ×${count.toLocaleString("en")}` : ""}
    </mark>
  );
}

const FIRST_CHARACTERS = 1_200;
const FURTHER_CHARACTERS = 20_000;

/** As long as it may be: its beginning, and the rest where it is asked for. Says what of it is not shown, or not to be seen. */
export function LongText({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const [shown, setShown] = useState(FIRST_CHARACTERS);
  const isLong = text.length > FIRST_CHARACTERS + 200;
  const end = isLong ? endOfCharacter(text, shown) : text.length;
  const left = text.length - end;
  const opened = isLong && shown > FIRST_CHARACTERS;
  return (
    <div className="long-text">
      <div
        className={opened ? "text-block opened" : "text-block"}
        {...(opened ? { tabIndex: 0, role: "region", "aria-label": label } : {})}
      >
        <SafeText text={end === text.length ? text : text.slice(0, end)} />
        {left > 0 ? (
          <span className="cut" aria-hidden="true">
            {" "}
            …
          </span>
        ) : null}
      </div>
      {left > 0 ? (
        <p className="note warning">
          {left.toLocaleString("en")} of {text.length.toLocaleString("en")} characters are not shown.{" "}
          <Button size="compact-sm" variant="default" onClick={() => setShown(shown + FURTHER_CHARACTERS)}>
            Show {Math.min(left, FURTHER_CHARACTERS).toLocaleString("en")} more
          </Button>
        </p>
      ) : null}
      <TextNotes text={text} />
    </div>
  );
}

/** Warnings about a text, all of it, also of what is not shown. */
export function TextNotes({ text }: { readonly text: string }): ReactNode {
  const hidden = useMemo(() => hiddenIn(text), [text]);
  const lookAlikes = useMemo(() => lookAlikesIn(text), [text]);
  if (hidden === 0 && lookAlikes.length === 0) return null;
  return (
    <ul className="notes">
      {hidden > 0 ? (
        <li className="note warning">
          {hidden === 1 ? "1 character" : `${hidden.toLocaleString("en")} characters`} in this text cannot be seen. Each
          is shown as its code.
        </li>
      ) : null}
      {lookAlikes.map(({ word, why, codes }) => (
        <li className="note warning" key={word}>
          Look again: “<SafeText text={word} />” has <SafeText text={why} /> ({codes.join(", ")}).
        </li>
      ))}
    </ul>
  );
}

/** A cut must not leave half of a character. */
function endOfCharacter(text: string, at: number): number {
  if (at >= text.length) return text.length;
  return /[\ud800-\udbff]/.test(text[at - 1] ?? "") ? at + 1 : at;
}
