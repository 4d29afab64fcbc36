// The contract as descriptors, which is all that a probe knows of it: no stack has generated code here.
import { errorDetails, health, reflectionV1, rpcStatus } from "@agentspan/internal";
import {
  AgentService,
  ApprovalService,
  AuditService,
  GrantService,
  IdentityService,
  KeyService,
  RunService,
  WebhookService,
  WorkerService,
} from "@agentspan/proto";
import { create, createFileRegistry, type DescFile, type FileRegistry, toBinary } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";

/** The contract's services, those of gRPC itself, and their messages. */
export const SERVICES = [
  RunService,
  ApprovalService,
  AgentService,
  GrantService,
  KeyService,
  AuditService,
  WebhookService,
  WorkerService,
  IdentityService,
  health.Health,
  reflectionV1.ServerReflection,
] as const;

/** A request as a client of a later version has it: with a field that this one does not know. */
const NEWER = create(FileDescriptorProtoSchema, {
  name: "newer.proto",
  package: "newer",
  syntax: "proto3",
  messageType: [
    {
      name: "GetStatusRequest",
      field: [
        { name: "run_id", jsonName: "runId", number: 1, type: Type.STRING, label: Label.OPTIONAL },
        { name: "only_if_asked", jsonName: "onlyIfAsked", number: 1000, type: Type.STRING, label: Label.OPTIONAL },
      ],
    },
  ],
});

function files(): readonly FileDescriptorProto[] {
  // Each after those that it imports.
  const found = new Map<string, FileDescriptorProto>();
  const collect = (file: DescFile): void => {
    if (found.has(file.proto.name)) return;
    file.dependencies.forEach(collect);
    found.set(file.proto.name, file.proto);
  };
  for (const { file } of [...SERVICES, rpcStatus.StatusSchema, errorDetails.ErrorInfoSchema]) collect(file);
  return [...found.values(), NEWER];
}

const SET = create(FileDescriptorSetSchema, { file: [...files()] });

export const IMAGE: Uint8Array = toBinary(FileDescriptorSetSchema, SET);
export const TYPES: FileRegistry = createFileRegistry(SET);
