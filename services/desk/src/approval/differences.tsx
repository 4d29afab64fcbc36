// Two values side by side, as far as they differ.
import type { ReactNode } from "react";
import { differencesOf } from "../text/differences.js";
import { readJson } from "../text/json-text.js";
import { LongText, SafeText } from "../text/safe-text.js";

export interface DifferencesProps {
  /** JSON texts. */
  readonly before: string;
  readonly after: string;
  /** What the two are called. */
  readonly words: readonly [string, string];
}

const MOST = 200;

export function Differences({ before, after, words }: DifferencesProps): ReactNode {
  const [was, is] = [readJson(before), readJson(after)];
  if (was === undefined || is === undefined) return <p className="note warning">The two cannot be compared.</p>;
  const all = differencesOf(was, is);
  if (all.length === 0) return <p className="quiet">Nothing changes.</p>;
  return (
    <>
      <table className="differences">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">{words[0]}</th>
            <th scope="col">{words[1]}</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, MOST).map((one) => (
            <tr key={one.place}>
              <th scope="row">{one.place === "" ? "all of it" : <SafeText text={one.place} />}</th>
              <td className="removed">
                {one.before === undefined ? (
                  <span className="empty">nothing</span>
                ) : (
                  <JsonText text={one.before} label={`${one.place} ${words[0]}`} />
                )}
              </td>
              <td className="added">
                {one.after === undefined ? (
                  <span className="empty">nothing</span>
                ) : (
                  <JsonText text={one.after} label={`${one.place} ${words[1]}`} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > MOST ? (
        <p className="note warning">{all.length - MOST} further differences are not shown.</p>
      ) : null}
    </>
  );
}

function JsonText({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const node = readJson(text);
  return <LongText text={node?.kind === "string" ? node.value : text} label={label} />;
}
