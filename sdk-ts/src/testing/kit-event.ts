// What the kit alone knows of a run: the server has no events for it (yet), so nothing follows from it there.

interface KitEventBase<T extends string> {
  readonly type: T;
  /** No server tells of it. */
  readonly kitOnly: true;
}

/** The model thought about something. */
export interface ThinkingEvent extends KitEventBase<"thinking"> {
  readonly text: string;
}

/** The model said something that is not its answer. */
export interface MessageEvent extends KitEventBase<"message"> {
  readonly text: string;
}

/** The work went to another agent. */
export interface HandoffEvent extends KitEventBase<"handoff"> {
  readonly agentName: string;
}

/** A guardrail had nothing against it. */
export interface GuardrailPassEvent extends KitEventBase<"guardrail_pass"> {
  readonly guardrail: string;
}

/** A guardrail had something against it. */
export interface GuardrailFailEvent extends KitEventBase<"guardrail_fail"> {
  readonly guardrail: string;
  readonly reason: string;
}

export type KitEvent = ThinkingEvent | MessageEvent | HandoffEvent | GuardrailPassEvent | GuardrailFailEvent;
