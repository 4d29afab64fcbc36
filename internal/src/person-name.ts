// How the names of people, services and groups may be written. Names are compared as they stand: whoever started a run
// is kept from approving in it, and each person has one vote. So two spellings that look alike must not be two people.
//
// What could be a second spelling is refused and never mended. A name stands in credentials of others, in definitions
// that are pinned by their hash, and in signed decisions: a mended one would be another than was said there.

const MAX_BYTES = 256;
/**
 * Of the class of characters that have no look of their own: controls, zero widths, marks of direction, half pairs, those
 * of private use and those that are none.
 */
const UNSEEN_CLASS = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}`;
/** Of a class that is seen, and empty all the same: no dot of Braille, the place of an object, blanks of old scripts. */
const EMPTY = String.raw`\u{2800}\u{fffc}\u{13441}\u{13442}\u{16fe4}\u{1d159}`;
const UNSEEN = new RegExp(`[${UNSEEN_CLASS}${EMPTY}]`, "u");
/** A blank that is not the plain one, or two in a row. */
const ODD_BLANK = /[^\S ]| {2}/u;

/** What is wrong with such a name, in words that follow it; undefined where nothing is. */
export function personNameProblem(name: string): string | undefined {
  if (name.trim() === "") return "is empty";
  if (Buffer.byteLength(name) > MAX_BYTES) return `must be at most ${MAX_BYTES} bytes`;
  const unseen = unseenProblem(name);
  if (unseen !== undefined) return unseen;
  if (name.trim() !== name) return "must not begin or end with a blank";
  if (ODD_BLANK.test(name)) return "must have one plain blank between its words";
  if (name.normalize("NFC") !== name) return "must be in Unicode's composed form, NFC";
  return undefined;
}

/** Whether a text that people read, or compare, has a character without a look of its own; in words that follow it. */
export function unseenProblem(text: string): string | undefined {
  const unseen = UNSEEN.exec(text)?.[0];
  return unseen === undefined ? undefined : `has the character ${codePointOf(unseen)}, which nobody sees`;
}

function codePointOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
