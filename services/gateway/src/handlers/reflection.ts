// Server reflection: grpcurl, Postman and the like read the API from the server itself. v1 and v1alpha differ in name.
import { Codes, reflectionV1, reflectionV1alpha } from "@agentspan/internal";
import {
  create,
  createRegistry,
  type DescFile,
  type DescMessage,
  type DescService,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { bidiStreaming, type Method } from "../method.js";

type Request = Pick<reflectionV1.ServerReflectionRequest | reflectionV1alpha.ServerReflectionRequest, "messageRequest">;
type Answer =
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

export const REFLECTION_SERVICES: readonly DescService[] = [
  reflectionV1.ServerReflection,
  reflectionV1alpha.ServerReflection,
];

/**
 * Describes the services; they need not include reflection's own. `details` are messages that come in a
 * google.protobuf.Any, where no service names them.
 */
export function reflectionMethods(
  services: readonly DescService[],
  details: readonly DescMessage[],
): readonly Method[] {
  // Few ask, and the registry of all files takes a while.
  let made: ReturnType<typeof answerer> | undefined;
  const answer: ReturnType<typeof answerer> = (request) => {
    made ??= answerer(services, details);
    return made(request);
  };
  const v1 = reflectionV1.ServerReflection.method.serverReflectionInfo;
  const v1alpha = reflectionV1alpha.ServerReflection.method.serverReflectionInfo;
  return [
    bidiStreaming(v1, async function* (requests) {
      for await (const request of requests) {
        const init = { validHost: request.host, messageResponse: answer(request) };
        yield create(reflectionV1.ServerReflectionResponseSchema, { ...init, originalRequest: request });
      }
    }),
    bidiStreaming(v1alpha, async function* (requests) {
      for await (const request of requests) {
        const init = { validHost: request.host, messageResponse: answer(request) };
        yield create(reflectionV1alpha.ServerReflectionResponseSchema, { ...init, originalRequest: request });
      }
    }),
  ];
}

function answerer(services: readonly DescService[], details: readonly DescMessage[]): (request: Request) => Answer {
  const files = new Map<string, DescFile>();
  const collect = (file: DescFile): void => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    file.dependencies.forEach(collect);
  };
  for (const { file } of [...services, ...details]) collect(file);
  const types = createRegistry(...files.values());
  const encoded = new Map<DescFile, Uint8Array>();
  const bytesOf = (file: DescFile): Uint8Array => {
    const bytes = encoded.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
    encoded.set(file, bytes);
    return bytes;
  };

  const describe = (file: DescFile | undefined, what: string): Answer => {
    if (file === undefined) return notFound(what);
    const needed = new Set<DescFile>();
    const need = (each: DescFile): void => {
      if (needed.has(each)) return;
      needed.add(each);
      each.dependencies.forEach(need);
    };
    need(file);
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto: [...needed].map(bytesOf) } };
  };
  // A symbol is a type, or something inside one: a method, a field.
  const fileOf = (symbol: string): DescFile | undefined =>
    types.get(symbol)?.file ?? types.get(symbol.slice(0, Math.max(0, symbol.lastIndexOf("."))))?.file;

  return ({ messageRequest }) => {
    switch (messageRequest.case) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: { service: services.map(({ typeName }) => ({ name: typeName })) },
        };
      case "fileByFilename":
        return describe(files.get(messageRequest.value), messageRequest.value);
      case "fileContainingSymbol":
        return describe(fileOf(messageRequest.value), messageRequest.value);
      case "allExtensionNumbersOfType":
        return types.getMessage(messageRequest.value) === undefined
          ? notFound(messageRequest.value)
          : { case: "allExtensionNumbersResponse", value: { baseTypeName: messageRequest.value } };
      case "fileContainingExtension":
        return notFound(messageRequest.value.containingType);
      case undefined:
        return {
          case: "errorResponse",
          value: { errorCode: Codes.INVALID_ARGUMENT, errorMessage: "The request asks for nothing." },
        };
      default:
        return messageRequest satisfies never;
    }
  };
}

function notFound(what: string): Answer {
  return { case: "errorResponse", value: { errorCode: Codes.NOT_FOUND, errorMessage: `Not found: ${what}` } };
}
