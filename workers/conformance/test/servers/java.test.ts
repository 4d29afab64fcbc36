import { measure } from "../conformance.js";
import { JAVA } from "../drivers.js";

await measure(JAVA);
