// What a text has that nobody would see: characters without a shape, those that turn the direction of writing, and
// letters of one alphabet that look like those of another.

/** A piece of a text: as it is, or a character that is not to be seen, so many times in a row. */
export type Piece =
  | { readonly kind: "plain"; readonly text: string }
  | { readonly kind: "hidden"; readonly character: string; readonly count: number };

/** Controls, what is invisible or looks like a blank, and what turns around what follows. Line breaks are neither. */
const HIDDEN = /((?![\n ])[\p{Cc}\p{Cf}\p{Z}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}])\1*/gu;

/** The text in pieces, in its order. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(HIDDEN)) {
    const [run, character = ""] = match;
    if (match.index > at) pieces.push({ kind: "plain", text: text.slice(at, match.index) });
    pieces.push({ kind: "hidden", character, count: run.length / character.length });
    at = match.index + run.length;
  }
  if (at < text.length) pieces.push({ kind: "plain", text: text.slice(at) });
  return pieces;
}

/** How many characters of it nobody would see. */
export function hiddenIn(text: string): number {
  let count = 0;
  for (const [run, character = ""] of text.matchAll(HIDDEN)) count += run.length / character.length;
  return count;
}

const SEEN = /[^\p{Z}\p{C}\p{Default_Ignorable_Code_Point}\u{2800}]/u;

/** Whether anybody sees anything of it: a reason of blanks and characters without a look says nothing. */
export function isSeen(text: string): boolean {
  return SEEN.test(text);
}

const NAMES: Readonly<Record<string, string>> = {
  "\0": "null",
  "\t": "tab",
  "\r": "carriage return",
  "\u001b": "escape",
  "\u00a0": "no-break space",
  "\u00ad": "soft hyphen",
  "\u200b": "zero-width space",
  "\u200c": "zero-width non-joiner",
  "\u200d": "zero-width joiner",
  "\u200e": "left-to-right mark",
  "\u200f": "right-to-left mark",
  "\u202a": "left-to-right embedding",
  "\u202b": "right-to-left embedding",
  "\u202c": "end of direction",
  "\u202d": "left-to-right override",
  "\u202e": "right-to-left override",
  "\u2028": "line separator",
  "\u2029": "paragraph separator",
  "\u2066": "left-to-right isolate",
  "\u2067": "right-to-left isolate",
  "\u2068": "first strong isolate",
  "\u2069": "end of isolate",
  "\ufeff": "byte order mark",
};

/** "U+202E", and "right-to-left override" where there is a name for it here. */
export function nameOf(character: string): { readonly code: string; readonly name: string } {
  const point = character.codePointAt(0) ?? 0;
  const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  return { code, name: NAMES[character] ?? "invisible character" };
}

/** "U+200B ×3". */
export function codeOf({ character, count }: Extract<Piece, { kind: "hidden" }>): string {
  const { code } = nameOf(character);
  return count > 1 ? `${code} ×${count.toLocaleString("en")}` : code;
}

/** The same text with each hidden character as its code, cut to so many characters, on one line. */
export function oneLine(text: string, most: number): string {
  // No more is read than can be shown.
  const head = text.slice(0, most * 2).replaceAll(/\r?\n/g, " ⏎ ");
  const shown = piecesOf(head)
    .map((piece) => (piece.kind === "plain" ? piece.text : `‹${codeOf(piece)}›`))
    .join("");
  const characters = [...shown];
  const isWhole = characters.length <= most && text.length <= most * 2;
  return isWhole ? shown : `${characters.slice(0, most - 1).join("")}…`;
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const ALPHABETS = [
  ["Latin", /\p{Script=Latin}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Armenian", /\p{Script=Armenian}/u],
  ["Cherokee", /\p{Script=Cherokee}/u],
  ["Coptic", /\p{Script=Coptic}/u],
  ["Lisu", /\p{Script=Lisu}/u],
] as const;

export interface LookAlike {
  readonly word: string;
  /** Why it may be misread: "letters of Latin and Cyrillic". */
  readonly why: string;
  /** The letters that are not what they seem, as codes. */
  readonly codes: readonly string[];
}

const MOST_LOOKALIKES = 8;

/** Words that are not what they seem to be, the first few of them. */
export function lookAlikesIn(text: string): readonly LookAlike[] {
  const found = new Map<string, LookAlike>();
  for (const [word] of text.matchAll(WORD)) {
    if (found.size >= MOST_LOOKALIKES) break;
    const one = found.has(word) || /^[ -~]*$/.test(word) ? undefined : lookAlike(word);
    if (one !== undefined) found.set(word, one);
  }
  return [...found.values()];
}

function lookAlike(word: string): LookAlike | undefined {
  const alphabets = ALPHABETS.filter(([, letters]) => letters.test(word));
  if (alphabets.length > 1) {
    const [first] = alphabets[0]?.[0] === "Latin" ? [alphabets[0]] : [undefined];
    const strange = [...word].filter(
      (letter) => first === undefined || (/\p{L}/u.test(letter) && !first[1].test(letter)),
    );
    return {
      word,
      why: `letters of ${alphabets.map(([name]) => name).join(" and ")} in one word`,
      codes: codesOf(strange),
    };
  }
  const styled = [...word].filter((letter) => letter > "\u007f" && /^[A-Za-z0-9]+$/.test(letter.normalize("NFKC")));
  if (styled.length === 0) return undefined;
  return {
    word,
    why: `written in other characters than plain ones: ${word.normalize("NFKC")}`,
    codes: codesOf(styled),
  };
}

function codesOf(letters: readonly string[]): readonly string[] {
  return [...new Set(letters)].map((letter) => `${letter} ${nameOf(letter).code}`);
}
