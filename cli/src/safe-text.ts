// Text from a model, a tool or a person, made fit for a terminal. What is approved must be what is seen: nothing in it
// may move the cursor, hide itself or turn the writing direction around.

/** Control characters, and those that are invisible, look like a space, or turn around what follows. */
const UNFIT = /(?![\n ])[\p{Cc}\p{Cf}\p{Z}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/** The same text with each unfit character written as its code: \u001b. Line breaks stay. */
export function safeText(text: string): string {
  return text.replace(UNFIT, (unfit) => {
    const code = (unfit.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
    return code.length > 4 ? `\\u{${code}}` : `\\u${code}`;
  });
}

/** The same on one line, cut to so many characters. */
export function oneLine(text: string, most: number): string {
  const line = safeText(text.replace(/\r?\n/g, " ⏎ "));
  const characters = [...line];
  return characters.length <= most ? line : `${characters.slice(0, Math.max(0, most - 1)).join("")}…`;
}
