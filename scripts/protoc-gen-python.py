#!/usr/bin/env python3
"""A plugin of buf that makes messages and gRPC's stubs in Python.

grpcio-tools has their generators inside its own protoc: this hands it what buf has read.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2
from grpc_tools import protoc

request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
response = plugin_pb2.CodeGeneratorResponse(supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
with tempfile.TemporaryDirectory() as folder:
    image = Path(folder, "image.binpb")
    image.write_bytes(descriptor_pb2.FileDescriptorSet(file=request.proto_file).SerializeToString())
    out = Path(folder, "out")
    out.mkdir()
    outs = [f"--{kind}_out={out}" for kind in ("python", "pyi", "grpc_python")]
    if protoc.main(["protoc", f"--descriptor_set_in={image}", *outs, *request.file_to_generate]) != 0:
        sys.exit("protoc has failed.")
    for file in sorted(out.rglob("*.py*")):
        response.file.add(name=file.relative_to(out).as_posix(), content=file.read_text())
sys.stdout.buffer.write(response.SerializeToString())
