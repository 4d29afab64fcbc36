import { measure } from "../conformance.js";
import { TYPESCRIPT } from "../drivers.js";

await measure(TYPESCRIPT);
