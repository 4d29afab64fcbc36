import { catchMutants } from "../core/catch-mutants.js";

catchMutants(1);
