/** One thing that was looked at. `note` is no fault, and something that a person may want to know or change. */
export interface Check {
  readonly name: string;
  readonly state: "ok" | "note" | "fault";
  /** What was found. */
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}
