import { busContract } from "../contracts/bus-contract.js";
import { makeNatsFixture } from "./nats-fixture.js";

busContract("The bus over NATS", makeNatsFixture);
