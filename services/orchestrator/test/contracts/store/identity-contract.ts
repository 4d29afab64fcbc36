import { describe, expect, it } from "vitest";
import type { UseFixture } from "./store-fixture.js";

export function identityContract(use: UseFixture): void {
  describe("the database's id", () => {
    it("is made once, whoever makes it at once, and stays", async () => {
      const { store } = use();
      const other = await use().connect();
      expect(await store.readDatabaseId()).toBeUndefined();
      const makers = Array.from({ length: 8 }, (_, at) => (at % 2 === 0 ? store : other));
      const made = new Set(await Promise.all(makers.map((one) => one.makeDatabaseId())));
      const [id] = made;
      expect(made.size).toBe(1);
      expect(id).toMatch(/^db_[a-z2-7]{26}$/);
      expect(await other.readDatabaseId()).toBe(id);
      expect(await other.makeDatabaseId()).toBe(id);
    });
  });
}
