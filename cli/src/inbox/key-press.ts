/** What a person pressed, or pasted. */
export interface KeyPress {
  /** "up", "return", "escape", "a"; "paste" where `text` was pasted. Empty where it has none. */
  readonly name: string;
  /** What it writes; empty where it writes nothing. */
  readonly text: string;
  readonly ctrl: boolean;
  readonly meta: boolean;
}
