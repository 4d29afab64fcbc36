// Which runs are listed. It stands in the address, so that it can be linked to and comes back with the page.
import { RunState } from "@agentspan/proto";

export interface RunFilters {
  readonly agent: string;
  readonly state: StateFilter;
}

export type StateFilter = "" | keyof typeof STATES;

const STATES = {
  open: [RunState.RUNNING, RunState.WAITING, RunState.PAUSED],
  running: [RunState.RUNNING],
  waiting: [RunState.WAITING],
  paused: [RunState.PAUSED],
  completed: [RunState.COMPLETED],
  failed: [RunState.FAILED, RunState.TIMED_OUT],
  cancelled: [RunState.CANCELLED],
} as const;

export const STATE_FILTERS: readonly { readonly value: StateFilter; readonly label: string }[] = [
  { value: "", label: "Every state" },
  { value: "open", label: "Not ended" },
  { value: "running", label: "Running" },
  { value: "waiting", label: "Waits for people" },
  { value: "paused", label: "Paused" },
  { value: "completed", label: "Completed" },
  { value: "failed", label: "Failed, or out of time" },
  { value: "cancelled", label: "Cancelled" },
];

/** What the server calls these states; none for every state. */
export function statesOf(state: StateFilter): RunState[] {
  return state === "" ? [] : [...STATES[state]];
}

/** What an address asks for; what it says that is none of it is left out. */
export function filtersIn(search: URLSearchParams): RunFilters {
  const state = search.get("state") ?? "";
  return { agent: search.get("agent") ?? "", state: isStateFilter(state) ? state : "" };
}

export function searchOf({ agent, state }: RunFilters): URLSearchParams {
  return new URLSearchParams({ ...(agent === "" ? {} : { agent }), ...(state === "" ? {} : { state }) });
}

function isStateFilter(text: string): text is StateFilter {
  return STATE_FILTERS.some(({ value }) => value === text);
}
