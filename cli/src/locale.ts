// Which characters a terminal of another time can show. Nothing said, and C or POSIX, is taken for UTF-8, as programs do
// today: it is what containers have, on terminals that know all characters.
type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the locale names a character set, and another one than UTF-8. */
export function isOtherCharset(env: Environment): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((text) => (text ?? "") !== "") ?? "";
  const [, charset = ""] = /\.([^@]+)/.exec(locale) ?? [];
  return charset !== "" && !/^utf-?8$/i.test(charset);
}

const SHORT: Readonly<Record<string, string>> = { "…": "...", "⏎": "/" };

/** The same with what is not ASCII written as its code. */
export function ascii(text: string): string {
  return text.replace(/[^\p{ASCII}]/gu, (one) => {
    const code = (one.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
    return SHORT[one] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code}`);
  });
}
