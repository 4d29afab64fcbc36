import { measure } from "../conformance.js";
import { PYTHON } from "../drivers.js";

await measure(PYTHON);
