// How deep a rule nests, told before it is parsed: the parser calls itself for each bracket, and what then happens
// depends on how much of the stack is left, which is not the same in every process.

const MOST_BRACKETS_WITHIN = 32;

/** Comments and texts, whose brackets are none; raw texts first, in which a backslash is a character as any other. */
const NO_BRACKETS =
  /\/\/[^\n]*|[bB]?[rR][bB]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')|"""(?:\\[\s\S]|[^\\])*?"""|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/gu;

/** What is wrong with a rule that nests too deeply, in words that follow its name; undefined where it does not. */
export function depthFault(rule: string): string | undefined {
  let depth = 0;
  for (const character of rule.replace(NO_BRACKETS, "")) {
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    if (depth > MOST_BRACKETS_WITHIN) return `it has brackets more than ${MOST_BRACKETS_WITHIN} deep in each other`;
  }
  return undefined;
}
