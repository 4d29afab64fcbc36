import { MemoryStore } from "../src/memory/memory-store.js";
import { memoryFixture } from "./contracts/store/memory-fixture.js";
import { storeContract } from "./contracts/store-contract.js";

storeContract(MemoryStore.name, memoryFixture);
