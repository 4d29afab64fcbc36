// Faults about what people looked at when they decided.
import { type Mutant, mutant } from "./mutant.js";

export const PREVIEWS: readonly Mutant[] = [
  mutant(
    32,
    "what a check finds is always the same",
    "decide-preview.ts",
    'return finding.fingerprint === approved ? "same" : "drifted";',
    'return "same";',
  ),
  mutant(
    32,
    "what was shown is not checked",
    "evolve-checkpoint.ts",
    'if (checkpoint?.preview?.shows.kind === "shown") return checking(approved, at);',
    "",
  ),
  mutant(32, "a check holds for ever", "decide-task.ts", "call.check.until <= draft.now", "call.check.until < 0"),
  mutant(
    32,
    "a check outlives a settlement",
    "evolve-checkpoint.ts",
    "const { unsettled: _, check: _check, ...asked } = call;",
    "const { unsettled: _, ...asked } = call;",
  ),
  mutant(
    32,
    "an answer to an earlier question counts",
    "decide-preview.ts",
    "wanted.number !== command.number",
    "command.number > wanted.number",
  ),
  mutant(32, "a call drifts for ever", "decide-preview.ts", "if (drifts < MOST_DRIFTS) {", "if (drifts > 0) {"),
  mutant(
    32,
    "a failed check is as good as one that found the same",
    "decide-preview.ts",
    'if (finding.kind === "failed") return undefined;',
    'if (finding.kind === "failed") return "same";',
  ),
  mutant(
    32,
    "an edit is approved on what was shown before it",
    "evolve-checkpoint.ts",
    "const preview = closed ? undefined : previewAfterEdit(run, checkpoint, at);",
    "const preview = checkpoint.preview;",
  ),
  mutant(
    32,
    "the owner's word on previews is not heard",
    "gate.ts",
    "strictestTerms(tool?.preview, owner?.preview)",
    "tool?.preview",
  ),
  mutant(
    32,
    "whoever is asked anew is not asked at all",
    "decide-preview.ts",
    "askAgain(draft, checked, finding, { approved: approved.sequence, checked: sequence });",
    "",
  ),
  mutant(
    32,
    "whoever saw no preview approves the one that came since",
    "decide-person.ts",
    "if (command.preview !== undefined && command.preview !== sight) {",
    'if (command.preview !== undefined && command.preview !== "" && command.preview !== sight) {',
  ),
];
