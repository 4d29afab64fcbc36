package dev.agentspan.examples;

import dev.agentspan.v1.Approval;
import dev.agentspan.v1.ApprovalKind;
import dev.agentspan.v1.ApproveRequest;
import dev.agentspan.v1.GetStatusRequest;
import dev.agentspan.v1.RunServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.net.URI;

/**
 * Approves what a run waits for, with the typed client: its argument is the run's id. Settings: AGENTSPAN_SERVER_URL
 * and AGENTSPAN_API_KEY.
 */
public final class Approve {
  private static final String DEFAULT_URL = "http://127.0.0.1:6767";
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private Approve() {}

  /** Says what it approved. */
  public static void main(String[] arguments) {
    if (arguments.length != 1) {
      System.err.println("It needs the id of the run, and nothing else.");
      System.exit(2);
    }
    URI server = URI.create(System.getenv().getOrDefault("AGENTSPAN_SERVER_URL", DEFAULT_URL));
    ManagedChannelBuilder<?> builder = ManagedChannelBuilder.forAddress(server.getHost(), server.getPort());
    ManagedChannel channel = (server.getScheme().equals("https") ? builder : builder.usePlaintext()).build();
    try {
      approve(RunServiceGrpc.newBlockingStub(channel).withInterceptors(
          MetadataUtils.newAttachHeadersInterceptor(credential(System.getenv("AGENTSPAN_API_KEY")))), arguments[0]);
    } finally {
      channel.shutdownNow();
    }
  }

  private static void approve(RunServiceGrpc.RunServiceBlockingStub runs, String runId) {
    var status = runs.getStatus(GetStatusRequest.newBuilder().setRunId(runId).build()).getStatus();
    for (Approval approval : status.getPendingApprovalsList()) {
      if (approval.getKind() != ApprovalKind.APPROVAL_KIND_APPROVAL) {
        continue;
      }
      // By its id and its digest: what is approved is what is shown here, and nothing that came since.
      var answer = runs.approve(ApproveRequest.newBuilder()
          .setRunId(runId)
          .setApprovalId(approval.getApprovalId())
          .setArgumentsDigest(approval.getArgumentsDigest())
          .build());
      String what = approval.getToolName() + " " + approval.getArgumentsJson();
      System.out.println((answer.getClosed() ? "Approved " : "Voted for ") + what);
    }
  }

  private static Metadata credential(String apiKey) {
    Metadata headers = new Metadata();
    if (apiKey != null && !apiKey.isEmpty()) {
      headers.put(AUTHORIZATION, "Bearer " + apiKey);
    }
    return headers;
  }
}
