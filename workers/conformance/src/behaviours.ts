// The behaviours as workers/CONFORMANCE.md has them: the page is the list, and no second one is kept.

export interface Behaviour {
  /** From 1. */
  readonly number: number;
  readonly group: string;
  readonly sentence: string;
}

/** The numbered sentences of the page's first part, under their headings. */
export function behavioursOf(page: string): readonly Behaviour[] {
  const [list = ""] = page.split("\n# How it is measured\n");
  let group = "";
  return list.split("\n").flatMap((line) => {
    group = /^## (.+)$/.exec(line)?.[1] ?? group;
    const [, number, sentence] = /^(\d+)\. (.+)$/.exec(line) ?? [];
    return sentence === undefined ? [] : [{ number: Number(number), group, sentence }];
  });
}
