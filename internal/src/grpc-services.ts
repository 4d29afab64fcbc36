// The descriptors of gRPC's own services, made from the packages that publish their protos.

/** What errors are told with. */
export * as errorDetails from "./vendor-gen/google/rpc/error_details_pb.js";
export * as rpcStatus from "./vendor-gen/google/rpc/status_pb.js";
export * as health from "./vendor-gen/grpc/health/v1/health_pb.js";
export * as reflectionV1 from "./vendor-gen/grpc/reflection/v1/reflection_pb.js";
export * as reflectionV1alpha from "./vendor-gen/grpc/reflection/v1alpha/reflection_pb.js";
