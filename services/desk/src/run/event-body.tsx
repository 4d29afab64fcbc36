// What an event of a run says besides what happened.
import type { Event } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ReactNode } from "react";
import { JsonView } from "../text/json-view.js";
import { LongText } from "../text/safe-text.js";
import type { EventWords } from "./event-words.js";

export function EventTime({ event }: { readonly event: Event }): ReactNode {
  if (event.at === undefined) return null;
  const at = new Date(timestampMs(event.at));
  return (
    <time className="quiet" dateTime={at.toISOString()} title={at.toLocaleString("en-GB")}>
      {at.toLocaleTimeString("en-GB")}
    </time>
  );
}

export function EventBody({ words, nowMs }: { readonly words: EventWords; readonly nowMs: number }): ReactNode {
  const { what, text = "", json = "" } = words;
  return (
    <>
      {text === "" ? null : <LongText text={text} label={what} />}
      {json === "" ? null : <JsonView text={json} label={what} nowMs={nowMs} />}
    </>
  );
}
