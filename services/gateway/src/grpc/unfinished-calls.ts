// What has come of calls on the port for gRPC alone counts with all that is unfinished, and has its time.
//
// grpc-js tells of whole messages only. The stream under a call is no part of its types: a test holds that it is there.
import { constants, type ServerHttp2Stream } from "node:http2";
import { Duplex } from "node:stream";
import type { AgentspanError } from "@agentspan/internal";
import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { addressOfPeer } from "../address.js";
import { Envelopes } from "../http/envelopes.js";
import { tooSlow } from "../http/request-body.js";
import type { UnfinishedBodies } from "../http/unfinished-bodies.js";
import { statusObject } from "./status-object.js";

export interface UnfinishedCallsOptions {
  readonly unfinished: UnfinishedBodies;
  /** Milliseconds in which a request must have come, where it is one message. */
  readonly withinMs: number;
}

export function unfinishedCalls({ unfinished, withinMs }: UnfinishedCallsOptions): ServerInterceptor {
  return ({ requestStream }, call) => {
    const stream: unknown = Reflect.get(call, "stream");
    if (!isStream(stream)) throw new Error("This grpc-js does not show the stream of a call");
    const refuse = (why: AgentspanError): void => {
      end();
      call.sendStatus(statusObject(why));
      // The decoder keeps what has come for as long as the stream lives.
      stream.close(constants.NGHTTP2_NO_ERROR);
    };
    const held = unfinished.begin(addressOfPeer(call.getPeer()), refuse);
    const timer = requestStream ? undefined : setTimeout(() => refuse(tooSlow(withinMs)), withinMs);
    const end = (): void => {
      clearTimeout(timer);
      held.end();
    };
    const envelopes = new Envelopes();
    let ended = false;
    stream.on("data", (bytes: Buffer) => {
      // In a conversation nothing is read before all that was whole has been taken.
      if (requestStream && ended) held.keep(envelopes.pending);
      held.hold(bytes.length);
      ended = envelopes.read(bytes);
    });
    stream.once("end", end);
    stream.once("close", end);
    return new ServerInterceptingCall(call);
  };
}

function isStream(value: unknown): value is ServerHttp2Stream {
  return value instanceof Duplex && "close" in value;
}
