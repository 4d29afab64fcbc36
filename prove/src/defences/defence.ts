// What stands between a threat of docs/security.md and the harm it would do, and the test that shows it.

/** A test, as Vitest finds it. */
export interface ShownBy {
  /** From the root of the repository. */
  readonly file: string;
  /** A piece of its title as it stands in the file. The whole file where empty. */
  readonly title: string;
  /** Where the title stands, if not in the file itself: what several adapters must hold to. */
  readonly titledIn?: string;
}

export interface Defence {
  /** As docs/security.md names it. */
  readonly threat: string;
  /** What the build without it does, in words. */
  readonly without: string;
  /** The source that is changed, from the root of the repository. The piece is there exactly once. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly shownBy: ShownBy;
}

/** A transcript of the core. */
export function transcript(name: string): ShownBy {
  return { file: "services/orchestrator/test/transcripts.test.ts", title: `${name}.txt` };
}
