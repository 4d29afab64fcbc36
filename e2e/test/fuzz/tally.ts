/** How often each call ended in each outcome. */
export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();

  count(name: string, outcome: string): void {
    const outcomes = this.#counts.get(name) ?? new Map<string, number>();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    this.#counts.set(name, outcomes);
  }

  of(name: string, outcome: string): number {
    return this.#counts.get(name)?.get(outcome) ?? 0;
  }

  names(): readonly string[] {
    return [...this.#counts.keys()];
  }

  /** One line for each call, the most frequent outcomes first. */
  table(title: string): string {
    const lines = [...this.#counts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, outcomes]) => {
        const told = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`);
        return `  ${name.padEnd(32)} ${told.join(", ")}`;
      });
    const all = [...this.#counts.values()].flatMap((outcomes) => [...outcomes.values()]);
    return [`${title}: ${all.reduce((sum, count) => sum + count, 0)} requests`, ...lines].join("\n");
  }
}
