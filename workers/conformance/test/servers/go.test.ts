import { measure } from "../conformance.js";
import { GO } from "../drivers.js";

await measure(GO);
