// The requests of workers as bytes: protobuf, or protobuf-JSON where the request said so, and the answer in the same form.
import { AgentspanError, type WorkerVerb } from "@agentspan/internal";
import {
  ClaimRequestSchema,
  ClaimResponseSchema,
  CompleteRequestSchema,
  CompleteResponseSchema,
  HeartbeatRequestSchema,
  HeartbeatResponseSchema,
  RegisterRequestSchema,
  RegisterResponseSchema,
  ReleaseRequestSchema,
  ReleaseResponseSchema,
  type WorkerError,
} from "@agentspan/proto";
import { create, fromBinary, fromJsonString, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import type { WorkerHandlers } from "../ports.js";
import { toWorkerError } from "./failures.js";

export const JSON_CONTENT_TYPE = "application/json";

export type Form = "protobuf" | "json";

/** The form that a content type asks for. */
export function formOf(contentType: string): Form {
  return contentType.split(";", 1)[0]?.trim().toLowerCase() === JSON_CONTENT_TYPE ? "json" : "protobuf";
}

/** One verb, whose messages nobody outside needs to know. */
export interface WorkerExchange {
  /** Reads the request, asks the handler, writes the response. Rejects with AgentspanError, or what the handler threw. */
  answer(handlers: WorkerHandlers, asked: WorkerRequest): Promise<Uint8Array>;
  refuse(error: AgentspanError, asked: Pick<WorkerRequest, "form" | "orchestratorId">): Uint8Array;
}

export interface WorkerRequest {
  /** From the subject, where the broker's permissions hold it to its owner. */
  readonly workerId: string;
  readonly data: Uint8Array;
  readonly form: Form;
  readonly orchestratorId: string;
}

type RequestMessage = Message & { workerId: string };
type ResponseMessage = Message & { error?: WorkerError | undefined; orchestratorId: string };

export const WORKER_EXCHANGES: { readonly [Verb in WorkerVerb]: WorkerExchange } = {
  register: exchange(RegisterRequestSchema, RegisterResponseSchema, (to, id, request) => to.register(id, request)),
  claim: exchange(ClaimRequestSchema, ClaimResponseSchema, (to, id, request) => to.claim(id, request)),
  heartbeat: exchange(HeartbeatRequestSchema, HeartbeatResponseSchema, (to, id, request) => to.heartbeat(id, request)),
  complete: exchange(CompleteRequestSchema, CompleteResponseSchema, (to, id, request) => to.complete(id, request)),
  release: exchange(ReleaseRequestSchema, ReleaseResponseSchema, (to, id, request) => to.release(id, request)),
};

function exchange<Asked extends RequestMessage, Answered extends ResponseMessage>(
  request: GenMessage<Asked>,
  response: GenMessage<Answered>,
  ask: (handlers: WorkerHandlers, workerId: string, asked: Asked) => Promise<Answered>,
): WorkerExchange {
  return {
    async answer(handlers, { workerId, data, form, orchestratorId }) {
      const asked = read(request, data, form);
      if (asked.workerId !== workerId) {
        throw new AgentspanError(
          "PERMISSION_DENIED",
          `The request names worker ${JSON.stringify(asked.workerId.slice(0, 80))} and came on the subject of ${workerId}.`,
        );
      }
      const answered = await ask(handlers, workerId, asked);
      if (answered.orchestratorId === "") answered.orchestratorId = orchestratorId;
      return write(response, answered, form);
    },
    refuse(error, { form, orchestratorId }) {
      const answered = create(response);
      answered.error = toWorkerError(error);
      answered.orchestratorId = orchestratorId;
      return write(response, answered, form);
    },
  };
}

function read<Asked extends Message>(schema: GenMessage<Asked>, data: Uint8Array, form: Form): Asked {
  try {
    return form === "json"
      ? fromJsonString(schema, new TextDecoder("utf-8", { fatal: true }).decode(data), { ignoreUnknownFields: true })
      : fromBinary(schema, data);
  } catch (cause) {
    throw new AgentspanError("INVALID_REQUEST", `The body is no ${schema.typeName} in ${form}.`, { cause });
  }
}

function write<Answered extends Message>(schema: GenMessage<Answered>, message: Answered, form: Form): Uint8Array {
  return form === "json" ? new TextEncoder().encode(toJsonString(schema, message)) : toBinary(schema, message);
}
