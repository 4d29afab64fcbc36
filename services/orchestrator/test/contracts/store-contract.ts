// What every store must do, whatever keeps its data. Each adapter runs all of it: nothing is asked of the one in memory
// that the real server does not show.
import { afterAll, beforeAll, describe } from "vitest";
import { auditContract } from "./store/audit-contract.js";
import { censusContract } from "./store/census-contract.js";
import { faultContract } from "./store/fault-contract.js";
import { grantContract } from "./store/grant-contract.js";
import { identityContract } from "./store/identity-contract.js";
import { keyContract } from "./store/key-contract.js";
import { listContract } from "./store/list-contract.js";
import { permitContract } from "./store/permit-contract.js";
import { raceContract } from "./store/race-contract.js";
import { registryContract } from "./store/registry-contract.js";
import { removalContract } from "./store/removal-contract.js";
import { runContract } from "./store/run-contract.js";
import type { MakeStoreFixture, StoreFixture } from "./store/store-fixture.js";
import { unreadableContract } from "./store/unreadable-contract.js";
import { webhookContract } from "./store/webhook-contract.js";

export type { MakeStoreFixture, StoreFixture } from "./store/store-fixture.js";

/** Declares the suite. One fixture serves it all; each test uses runs and namespaces of its own. */
export function storeContract(name: string, makeFixture: MakeStoreFixture): void {
  describe(`${name} keeps the store's contract`, () => {
    let fixture: StoreFixture | undefined;
    beforeAll(async () => {
      fixture = await makeFixture();
    });
    afterAll(async () => {
      await fixture?.close();
    });
    const use = (): StoreFixture => {
      if (fixture === undefined) throw new Error("The fixture could not be made.");
      return fixture;
    };
    runContract(use);
    raceContract(use);
    removalContract(use);
    listContract(use);
    censusContract(use);
    registryContract(use);
    identityContract(use);
    keyContract(use);
    permitContract(use);
    grantContract(use);
    auditContract(use);
    webhookContract(use);
    unreadableContract(use);
    faultContract(use);
  });
}
