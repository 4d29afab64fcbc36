import { MongoStore } from "../../src/mongo/mongo-store.js";
import { mongoFixture } from "../contracts/store/mongo-fixture.js";
import { storeContract } from "../contracts/store-contract.js";

storeContract(MongoStore.name, mongoFixture);
