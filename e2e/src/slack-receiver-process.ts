// A workspace of Slack in a process of its own, as its documentation describes the few methods that are called: arguments
// in a form, the token in a header, refusals as {"ok":false} with status 200 and 429 with Retry-After, the limits of Block
// Kit, messages that are changed by their time alone, metadata that is given back when it is asked for, triggers that are
// good once and for three seconds, and requests to the app that are signed over their time and raw body.
import { createHmac, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type {
  OpenView,
  PostedMessage,
  Pressed,
  SlackBlock,
  SlackMood,
  SlackReceiverOptions,
  Whisper,
} from "./slack-receiver.js";

type Refusal = { readonly ok: false; readonly error: string };
type Said = Readonly<Record<string, unknown>>;

const { token, secret, channel, users } = JSON.parse(process.env.SLACK ?? "{}") as SlackReceiverOptions;
const TRIGGER_MS = 3_000;
const messages = new Map<string, PostedMessage>();
const whispers: Whisper[] = [];
const views: OpenView[] = [];
const calls: string[] = [];
const triggers = new Map<string, number>();
let mood: SlackMood = {};
let last = 0;

const no = (error: string): Refusal => ({ ok: false, error });
const lengthOf = (value: unknown): number => (typeof value === "string" ? [...value].length : 0);

/** What Block Kit refuses, by its documented limits. */
function blocksProblem(blocks: readonly SlackBlock[]): string | undefined {
  if (blocks.length > 50) return "invalid_blocks";
  if (JSON.stringify(blocks).length > 13_000) return "msg_blocks_too_long";
  for (const { type, text, elements = [] } of blocks) {
    const most = type === "header" ? 150 : 3_000;
    if (text !== undefined && (lengthOf(text.text) === 0 || lengthOf(text.text) > most)) return "invalid_blocks";
    if (elements.length > (type === "context" ? 10 : 25)) return "invalid_blocks";
    for (const { action_id = "", value, url, text: label } of elements) {
      if (lengthOf(value) > 2_000 || lengthOf(url) > 3_000 || lengthOf(action_id) > 255) return "invalid_blocks";
      if (type === "actions" && typeof label === "object" && lengthOf(label.text) > 75) return "invalid_blocks";
    }
    const actions = elements.flatMap(({ action_id }) => action_id ?? []);
    if (new Set(actions).size !== actions.length) return "invalid_blocks";
  }
  return undefined;
}

function nextTs(): string {
  last = Math.max(last + 1, Date.now() * 1_000);
  return `${Math.floor(last / 1e6)}.${String(last % 1e6).padStart(6, "0")}`;
}

const METHODS: Readonly<Record<string, (form: URLSearchParams) => Said>> = {
  "chat.postMessage": (form) => {
    if (form.get("channel") !== channel) return no("channel_not_found");
    const blocks = JSON.parse(form.get("blocks") ?? "[]") as readonly SlackBlock[];
    const problem = blocksProblem(blocks);
    if (problem !== undefined) return no(problem);
    const metadata = JSON.parse(form.get("metadata") ?? "{}") as { event_payload?: { delivery_id?: string } };
    const thread = form.get("thread_ts") ?? "";
    if (thread !== "" && !messages.has(thread)) return no("thread_not_found");
    const ts = nextTs();
    const deliveryId = metadata.event_payload?.delivery_id ?? "";
    messages.set(ts, { ts, channel, text: form.get("text") ?? "", blocks, deliveryId, thread, edits: 0 });
    return { ok: true, channel, ts };
  },
  "chat.update": (form) => {
    const before = messages.get(form.get("ts") ?? "");
    if (form.get("channel") !== channel) return no("channel_not_found");
    if (before === undefined) return no("message_not_found");
    const blocks = JSON.parse(form.get("blocks") ?? "[]") as readonly SlackBlock[];
    const problem = blocksProblem(blocks);
    if (problem !== undefined) return no(problem);
    messages.set(before.ts, { ...before, text: form.get("text") ?? "", blocks, edits: before.edits + 1 });
    return { ok: true, channel, ts: before.ts };
  },
  "chat.postEphemeral": (form) => {
    if (form.get("channel") !== channel) return no("channel_not_found");
    whispers.push({ user: form.get("user") ?? "", channel, text: form.get("text") ?? "" });
    return { ok: true, message_ts: nextTs() };
  },
  "conversations.history": (form) => {
    if (mood.history !== undefined) return no(mood.history);
    const since = Number(form.get("oldest") ?? "0");
    const withMetadata = form.get("include_all_metadata") === "true";
    const found = [...messages.values()].filter(({ ts, thread }) => Number(ts) >= since && thread === "").reverse();
    const shown = found.map(({ ts, text, deliveryId }) => ({
      ...{ type: "message", ts, text },
      ...(withMetadata
        ? { metadata: { event_type: "agentspan_delivery", event_payload: { delivery_id: deliveryId } } }
        : {}),
    }));
    return { ok: true, messages: shown, has_more: false, response_metadata: { next_cursor: "" } };
  },
  "views.open": (form) => {
    const trigger = form.get("trigger_id") ?? "";
    const until = triggers.get(trigger);
    if (until === undefined) return no("exchanged_trigger_id");
    triggers.delete(trigger);
    if (until < Date.now()) return no("expired_trigger_id");
    const view = JSON.parse(form.get("view") ?? "{}") as OpenView & { readonly title?: { readonly text?: string } };
    if (lengthOf(view.title?.text) > 24 || lengthOf(view.private_metadata) > 3_000) return no("invalid_arguments");
    const id = `V${randomUUID()}`;
    views.push({ ...view, id });
    return { ok: true, view: { id } };
  },
  "users.info": (form) => {
    const email = users[form.get("user") ?? ""];
    return email === undefined ? no("user_not_found") : { ok: true, user: { profile: { email }, deleted: false } };
  },
};

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    const method = (request.url ?? "").replace(/^\/api\//, "");
    const limited = method === "chat.postMessage" ? /^429 with (\d+)$/.exec(mood.post ?? "") : null;
    if (limited !== null) {
      calls.push(`${method} 429`);
      response.writeHead(429, { "retry-after": limited[1] }).end(JSON.stringify(no("ratelimited")));
      return;
    }
    const answer = answerOf(method, request.headers.authorization ?? "", Buffer.concat(pieces).toString("utf8"));
    calls.push(`${method} ${answer.ok === true ? "ok" : String(answer.error)}`);
    if (method === "chat.postMessage" && mood.post === "cut") request.socket.destroy();
    else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
});

function answerOf(method: string, authorization: string, body: string): Said {
  if (authorization !== `Bearer ${token}`) return no("invalid_auth");
  if (method === "chat.postMessage" && mood.post !== undefined && mood.post !== "cut") return no(mood.post);
  return METHODS[method]?.(new URLSearchParams(body)) ?? no("unknown_method");
}

async function posted(gateway: string, payload: object): Promise<Pressed> {
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "x-slack-request-timestamp": timestamp,
    "x-slack-signature": signature,
  };
  const begun = performance.now();
  const { status } = await fetch(`${gateway}/slack/interactions`, { method: "POST", body, headers });
  return { body, headers, status, ms: performance.now() - begun };
}

interface Press {
  readonly gateway: string;
  readonly ts: string;
  readonly action: string;
  readonly user: string;
}

interface Submit {
  readonly gateway: string;
  readonly view: string;
  readonly reason: string;
  readonly user: string;
}

const team = { id: "T0ACME", domain: "acme" };

function press({ gateway, ts, action, user }: Press): Promise<Pressed> {
  const elements = messages.get(ts)?.blocks.flatMap(({ elements = [] }) => elements) ?? [];
  const element = elements.find(({ action_id }) => action_id === action);
  if (element === undefined) throw new Error(`There is no ${action} to press.`);
  const trigger_id = randomUUID();
  triggers.set(trigger_id, Date.now() + TRIGGER_MS);
  return posted(gateway, {
    ...{ type: "block_actions", team, trigger_id, user: { id: user, team_id: team.id }, api_app_id: "A0APP" },
    channel: { id: channel, name: "refunds" },
    container: { type: "message", message_ts: ts, channel_id: channel },
    message: { ts },
    actions: [{ type: "button", block_id: "b", action_id: action, value: element.value, action_ts: nextTs() }],
  });
}

function submit({ gateway, view: id, reason, user }: Submit): Promise<Pressed> {
  const view = views.find((one) => one.id === id);
  const values = { reason: { reason: { type: "plain_text_input", value: reason } } };
  return posted(gateway, {
    ...{ type: "view_submission", team, user: { id: user, team_id: team.id } },
    view: { ...view, state: { values } },
  });
}

interface Asked {
  readonly ask: number;
  readonly mood?: SlackMood;
  readonly press?: Press;
  readonly submit?: Submit;
}

process.on("message", async ({ ask, mood: next, press: pressing, submit: sending }: Asked) => {
  mood = next ?? mood;
  const made = pressing === undefined ? sending && submit(sending) : press(pressing);
  const pressed = await made?.catch((error: unknown) => ({ status: 0, body: String(error), headers: {}, ms: 0 }));
  const workspace = { messages: [...messages.values()], whispers, views, calls };
  process.send?.({ answer: ask, workspace, pressed });
});
process.once("disconnect", () => process.exit());
server.listen(0, "127.0.0.1", () => process.send?.({ ready: true, port: (server.address() as AddressInfo).port }));
