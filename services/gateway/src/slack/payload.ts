// What Slack posts when somebody presses a button or sends a form, as far as it is of our messages.
import { APPROVE_ACTION, type ButtonValue, REJECT_ACTION, readButton } from "@agentspan/internal";
import { z } from "zod";

/** Who did it, and where they are answered. */
interface Pressed {
  readonly team: string;
  readonly user: string;
  readonly channel: string;
  readonly button: ButtonValue;
  /** The same each time that this very act is posted. */
  readonly act: string;
}

export type SlackAct =
  | (Pressed & { readonly kind: "approve" })
  | (Pressed & { readonly kind: "ask_why"; readonly trigger: string })
  | (Pressed & { readonly kind: "reject"; readonly reason: string });

/** Of a button of ours whose value says nothing. */
export interface UnreadablePress extends Pick<Pressed, "user" | "channel"> {
  readonly kind: "unreadable";
}

export const REJECT_FORM = "agentspan_reject";
export const REASON = "reason";

const person = z.object({ id: z.string().min(1).max(64) });
const named = { user: person, team: person.nullish() };

const PRESSED = z.object({
  ...named,
  type: z.literal("block_actions"),
  trigger_id: z.string().max(512),
  channel: person.optional(),
  actions: z
    .array(z.object({ action_id: z.string(), action_ts: z.string().max(64), value: z.string().optional() }))
    .min(1),
});

const SENT = z.object({
  ...named,
  type: z.literal("view_submission"),
  view: z.object({
    id: z.string().min(1).max(64),
    callback_id: z.literal(REJECT_FORM),
    private_metadata: z.string(),
    state: z.object({
      values: z.object({ [REASON]: z.object({ [REASON]: z.object({ value: z.string().nullish() }) }) }),
    }),
  }),
});

/** What the form that asks why carries: the button, and where it stood. */
export function formText(button: ButtonValue, channel: string): string {
  return JSON.stringify({ button: JSON.stringify([button.runId, button.approvalId, button.digest]), channel });
}

const FORM = z.object({ button: z.string(), channel: z.string() });

/** Undefined where it is nothing of ours, such as a press of the link to the desk. */
export function readAct(payload: string): SlackAct | UnreadablePress | undefined {
  const json = parsed(payload);
  const pressed = PRESSED.safeParse(json);
  if (pressed.success) return pressOf(pressed.data);
  const sent = SENT.safeParse(json);
  return sent.success ? formOf(sent.data) : undefined;
}

function pressOf({ team, user, channel, trigger_id: trigger, actions }: z.infer<typeof PRESSED>) {
  const [action] = actions;
  const isOurs = action?.action_id === APPROVE_ACTION || action?.action_id === REJECT_ACTION;
  if (!isOurs || channel === undefined) return undefined;
  const button = readButton(action.value ?? "");
  if (button === undefined) return { kind: "unreadable", user: user.id, channel: channel.id } as const;
  const who = { team: team?.id ?? "", user: user.id, channel: channel.id, button, act: action.action_ts };
  if (action.action_id === APPROVE_ACTION) return { ...who, kind: "approve" } as const;
  return { ...who, kind: "ask_why", trigger } as const;
}

function formOf({ team, user, view }: z.infer<typeof SENT>): SlackAct | undefined {
  const form = FORM.safeParse(parsed(view.private_metadata));
  const button = form.success ? readButton(form.data.button) : undefined;
  if (!form.success || button === undefined) return undefined;
  const reason = view.state.values[REASON][REASON].value ?? "";
  const who = { team: team?.id ?? "", user: user.id, channel: form.data.channel, button, act: view.id };
  return { ...who, kind: "reject", reason };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // It is nothing of ours.
  }
}
