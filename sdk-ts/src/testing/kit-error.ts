/** A test that cannot go on as it is written, in a sentence that says what to change. */
export class KitError extends Error {
  override readonly name = "KitError";
}
