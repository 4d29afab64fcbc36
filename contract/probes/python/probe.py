"""A client of the contract on grpcio, which it knows from a file of descriptors alone; README.md has its lines."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

pool = descriptor_pool.DescriptorPool()
for file in descriptor_pb2.FileDescriptorSet.FromString(Path(sys.argv[1]).read_bytes()).file:
    pool.Add(file)

channels: dict[tuple[int, int | None], grpc.Channel] = {}
ongoing: dict[int, Any] = {}
writing = threading.Lock()


def type_of(name: str) -> Any:
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def json_of(message: Any) -> dict[str, Any]:
    return json_format.MessageToDict(message, descriptor_pool=pool)


def write(line: dict[str, Any]) -> None:
    with writing:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def channel_of(port: int, ping_every_ms: int | None) -> grpc.Channel:
    key = (port, ping_every_ms)
    if key not in channels:
        options = [("grpc.use_local_subchannel_pool", 1)]
        if ping_every_ms is not None:
            options += [
                ("grpc.keepalive_time_ms", ping_every_ms),
                ("grpc.keepalive_timeout_ms", 5_000),
                ("grpc.http2.max_pings_without_data", 0),
            ]
        channels[key] = grpc.insecure_channel(f"127.0.0.1:{port}", options)
    return channels[key]


def end_of(error: Any) -> dict[str, Any]:
    packed = [value for key, value in error.trailing_metadata() or () if key == "grpc-status-details-bin"]
    details = [json_of(type_of("google.rpc.Status").FromString(value)).get("details", []) for value in packed]
    return {"code": error.code().name, "message": error.details(), "details": details[0] if details else []}


def carry_out(id: int, call: dict[str, Any]) -> None:
    request_type = type_of(call["input"])
    channel = channel_of(call["port"], call.get("pingEveryMs"))
    kinds = {
        "unary": channel.unary_unary,
        "server_streaming": channel.unary_stream,
        "bidi_streaming": channel.stream_stream,
    }
    method = kinds[call["kind"]](call["path"], request_type.SerializeToString, type_of(call["output"]).FromString)
    requests = [json_format.ParseDict(each, request_type(), descriptor_pool=pool) for each in call["requests"]]
    options = {
        "timeout": call["deadlineMs"] / 1_000 if "deadlineMs" in call else None,
        "compression": grpc.Compression.Gzip if call.get("gzip") else None,
    }
    if call["kind"] == "unary":
        running = method.future(requests[0], **options)
    else:
        running = method(iter(requests) if call["kind"] == "bidi_streaming" else requests[0], **options)
    ongoing[id] = running
    try:
        for message in [running.result()] if call["kind"] == "unary" else running:
            write({"id": id, "message": json_of(message)})
        write({"id": id, "end": {"code": "OK"}})
    except grpc.FutureCancelledError:
        write({"id": id, "end": {"code": "CANCELLED"}})
    except grpc.RpcError as error:
        write({"id": id, "end": end_of(error)})


def take(id: int, call: dict[str, Any]) -> None:
    try:
        carry_out(id, call)
    except Exception as error:  # noqa: BLE001  (whatever it is, the tests are told)
        write({"id": id, "end": {"code": "PROBE", "message": repr(error)}})
    finally:
        ongoing.pop(id, None)


for line in sys.stdin:
    said = json.loads(line)
    if "cancel" in said:
        call = ongoing.get(said["cancel"])
        if call is not None:
            call.cancel()
    else:
        threading.Thread(target=take, args=(said["id"], said["call"]), daemon=True).start()

# Left to the end of the interpreter, a channel may wait there for a call that nobody ends.
for call in list(ongoing.values()):
    call.cancel()
for channel in channels.values():
    channel.close()
