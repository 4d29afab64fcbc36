// What an entry of the audit says: its text is what is hashed and signed, and the fields of its row are not.
import type { FoundAudit } from "../ports.js";

/** Nothing where it cannot be read. */
export function saidIn({ text }: Pick<FoundAudit, "text">): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(text ?? "");
    return typeof said === "object" && said !== null ? (said as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
