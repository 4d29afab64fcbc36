// Which database this is, wherever it lies and whatever its name.

/** Keeps the id that a database has for good: what belongs to it names it by that, and copies and backups have it too. */
export interface IdentityStore {
  /** Undefined where it has none yet. Read linearizably: somebody may be turned away by it. */
  readDatabaseId(): Promise<string | undefined>;
  /** Gives it one where it has none. Resolves to the one that it has then; several may do so at once. */
  makeDatabaseId(): Promise<string>;
}
