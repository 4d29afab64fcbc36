// Whether a write won, from what is certain and nothing else.
//
// 1. committed is said only when the whole batch was carried out, or when a majority read finds the write's own token.
// 2. conflict is said only when the write is not in the document and never will be: the server refused this very
//    write as a duplicate, or carried out the command and matched nothing, or another write made the version that this
//    one would have made.
// 3. Everything else is unknown. Version and count alone never tell two writers apart.
import type { CommitOutcome } from "../ports.js";
import type { UpdateAnswer } from "./database.js";
import { DUPLICATE_KEY, failureOfCode, refusal } from "./store-failure.js";

/** What a majority read found of the run afterwards. */
export type ReadBack =
  | { readonly kind: "found"; readonly v: number; readonly t: string }
  | { readonly kind: "absent" }
  /** It could not be read. */
  | { readonly kind: "unreadable" };

/** What the server said about one write of a batch. */
export type WriteAnswer =
  | { readonly kind: "carried_out" }
  /** The command ended and this write changed nothing, or it is not said which ones did; a read sees what was written. */
  | { readonly kind: "none_matched" | "some_matched" | "duplicate" }
  /** The answer is missing, or says that the write may still come about. */
  | { readonly kind: "unanswered" }
  | { readonly kind: "refused"; readonly code: number };

/**
 * What an answer to the whole batch says of each of its writes. Those that were `sentBefore` may themselves be what
 * they now meet.
 */
export function answersOf(answer: UpdateAnswer, size: number, sentBefore = false): readonly WriteAnswer[] {
  const unfailed = size - answer.failed.size;
  const none = sentBefore ? "some_matched" : "none_matched";
  const kind = answer.matched === unfailed ? "carried_out" : answer.matched === 0 ? none : "some_matched";
  return Array.from({ length: size }, (_, index): WriteAnswer => {
    const code = answer.failed.get(index);
    if (code === undefined) return { kind };
    if (code === DUPLICATE_KEY) return { kind: sentBefore ? "some_matched" : "duplicate" };
    return failureOfCode(code) === "unanswered" ? { kind: "unanswered" } : { kind: "refused", code };
  });
}

/** Whether a write cannot be judged without reading the run back. */
export function needsReadBack({ kind }: WriteAnswer): boolean {
  return kind === "some_matched" || kind === "unanswered";
}

/** An error where the server refused the write for good; it is to be thrown. */
export function judgeWrite(
  write: { readonly expectedVersion: number; readonly token: string },
  answer: WriteAnswer,
  readBack: ReadBack,
): CommitOutcome | Error {
  switch (answer.kind) {
    case "carried_out":
      return "committed";
    case "none_matched":
    case "duplicate":
      return "conflict";
    case "refused":
      return refusal(answer.code, undefined);
    case "some_matched":
    case "unanswered":
      return judgeByToken(write, answer.kind === "some_matched", readBack);
    default:
      return answer satisfies never;
  }
}

function judgeByToken(
  { expectedVersion, token }: { readonly expectedVersion: number; readonly token: string },
  ended: boolean,
  readBack: ReadBack,
): CommitOutcome {
  if (readBack.kind === "unreadable") return "unknown";
  const version = readBack.kind === "absent" ? 0 : readBack.v;
  if (readBack.kind === "found" && readBack.t === token) return "committed";
  if (version === expectedVersion + 1) return "conflict";
  // Ours would have made the document newer than it is; with the command ended and seen by this read, it did not.
  if (version <= expectedVersion) return ended ? "conflict" : "unknown";
  // Others wrote since; ours may be beneath theirs.
  return "unknown";
}
