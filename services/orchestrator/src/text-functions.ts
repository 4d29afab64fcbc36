// The pure functions over JSON text that the core is given.
import { canonicalArguments, canonicalJson, compileSchema, digestOf } from "@agentspan/internal";
import type { TextFunctions } from "./core/index.js";

export const textFunctions: TextFunctions = {
  canonicalArguments(text) {
    const canonical = canonicalArguments(text);
    return canonical.ok ? canonical : { ok: false, problem: canonical.problem };
  },
  schemaProblems(schema, text) {
    const canonical = canonicalJson(text);
    if (!canonical.ok) return [canonical.problem];
    return compileSchema(schema)(canonical.value).map(({ path, message }) =>
      path === "" ? message : `${path} ${message}`,
    );
  },
  digestOf,
  utf8Length: (text) => Buffer.byteLength(text),
};
