// The pure functions over JSON text that the core is given.
import {
  AgentspanError,
  canonicalArguments,
  canonicalJson,
  compileSchema,
  digestOf,
  ruleVerdict,
} from "@agentspan/internal";
import type { TextFunctions } from "./core/index.js";
import { previewOf } from "./preview-text.js";

export const textFunctions: TextFunctions = {
  canonicalArguments(text) {
    const canonical = canonicalArguments(text);
    return canonical.ok ? canonical : { ok: false, problem: canonical.problem };
  },
  schemaProblems(schema, text) {
    const canonical = canonicalJson(text);
    if (!canonical.ok) return [canonical.problem];
    try {
      return compileSchema(
        schema,
        "anything",
      )(canonical.value).map(({ path, message }) => (path === "" ? message : `${path} ${message}`));
    } catch (thrown) {
      // A definition of before the edge refused it. Whoever wrote the text is told; an error would be decided again and
      // again, and each time after another model call.
      return [`could not be checked: ${AgentspanError.from(thrown).message}`];
    }
  },
  ruleVerdict,
  previewOf,
  digestOf,
  utf8Length: (text) => Buffer.byteLength(text),
};
