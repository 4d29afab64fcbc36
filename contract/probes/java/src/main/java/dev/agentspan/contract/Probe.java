package dev.agentspan.contract;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A client of the contract on grpc-java, which knows it from a file of descriptors alone; README.md has its lines. */
public final class Probe {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Map<String, MethodType> KINDS =
      Map.of(
          "unary", MethodType.UNARY,
          "server_streaming", MethodType.SERVER_STREAMING,
          "bidi_streaming", MethodType.BIDI_STREAMING);

  private final Map<String, Descriptor> messages = new HashMap<>();
  private final Map<String, ManagedChannel> channels = new HashMap<>();
  private final Map<Integer, ClientCall<?, ?>> calls = new ConcurrentHashMap<>();
  private final JsonFormat.Parser parser;
  private final JsonFormat.Printer printer;

  private Probe(FileDescriptorSet set) throws Exception {
    Map<String, FileDescriptor> files = new HashMap<>();
    JsonFormat.TypeRegistry.Builder types = JsonFormat.TypeRegistry.newBuilder();
    // Each file comes after those that it imports.
    for (FileDescriptorProto proto : set.getFileList()) {
      FileDescriptor[] imported = proto.getDependencyList().stream().map(files::get).toArray(FileDescriptor[]::new);
      FileDescriptor file = FileDescriptor.buildFrom(proto, imported);
      files.put(proto.getName(), file);
      for (Descriptor message : file.getMessageTypes()) {
        messages.put(message.getFullName(), message);
        types.add(message);
      }
    }
    parser = JsonFormat.parser().usingTypeRegistry(types.build());
    printer = JsonFormat.printer().usingTypeRegistry(types.build()).omittingInsignificantWhitespace();
  }

  public static void main(String[] args) throws Exception {
    Probe probe = new Probe(FileDescriptorSet.parseFrom(Files.readAllBytes(Path.of(args[0]))));
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonObject said = JsonParser.parseString(line).getAsJsonObject();
      if (said.has("cancel")) {
        ClientCall<?, ?> call = probe.calls.get(said.get("cancel").getAsInt());
        if (call != null) call.cancel("The test has had enough of it.", null);
      } else {
        probe.begin(said.get("id").getAsInt(), said.getAsJsonObject("call"));
      }
    }
    System.exit(0);
  }

  private void begin(int id, JsonObject call) throws IOException {
    DynamicMessage input = DynamicMessage.getDefaultInstance(messages.get(call.get("input").getAsString()));
    DynamicMessage output = DynamicMessage.getDefaultInstance(messages.get(call.get("output").getAsString()));
    MethodDescriptor<Message, Message> method =
        MethodDescriptor.<Message, Message>newBuilder()
            .setType(KINDS.get(call.get("kind").getAsString()))
            .setFullMethodName(call.get("path").getAsString().substring(1))
            .setRequestMarshaller(ProtoUtils.marshaller((Message) input))
            .setResponseMarshaller(ProtoUtils.marshaller((Message) output))
            .build();
    CallOptions options = CallOptions.DEFAULT;
    if (call.has("deadlineMs")) {
      options = options.withDeadlineAfter(call.get("deadlineMs").getAsLong(), TimeUnit.MILLISECONDS);
    }
    if (call.has("gzip")) options = options.withCompression("gzip");
    ClientCall<Message, Message> running = channelOf(call).newCall(method, options);
    calls.put(id, running);
    running.start(new Teller(id), new Metadata());
    running.request(Integer.MAX_VALUE);
    for (JsonElement request : call.getAsJsonArray("requests")) {
      DynamicMessage.Builder builder = input.newBuilderForType();
      parser.merge(request.toString(), builder);
      running.sendMessage(builder.build());
    }
    running.halfClose();
  }

  private ManagedChannel channelOf(JsonObject call) {
    int port = call.get("port").getAsInt();
    long pingEveryMs = call.has("pingEveryMs") ? call.get("pingEveryMs").getAsLong() : 0;
    return channels.computeIfAbsent(
        port + " " + pingEveryMs,
        key -> {
          NettyChannelBuilder builder = NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext();
          if (pingEveryMs > 0) {
            builder.keepAliveTime(pingEveryMs, TimeUnit.MILLISECONDS).keepAliveTimeout(5, TimeUnit.SECONDS);
          }
          return builder.build();
        });
  }

  /** Tells what comes of a call. */
  private final class Teller extends ClientCall.Listener<Message> {
    private final int id;

    Teller(int id) {
      this.id = id;
    }

    @Override
    public void onMessage(Message answer) {
      tell("message", jsonOf(answer));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      calls.remove(id);
      JsonObject end = new JsonObject();
      end.addProperty("code", status.getCode().name());
      if (status.getDescription() != null) end.addProperty("message", status.getDescription());
      byte[] details = trailers.get(DETAILS);
      if (details != null) end.add("details", detailsOf(details));
      tell("end", end);
    }

    private void tell(String what, JsonObject content) {
      JsonObject line = new JsonObject();
      line.addProperty("id", id);
      line.add(what, content);
      synchronized (System.out) {
        System.out.println(line);
      }
    }
  }

  private JsonArray detailsOf(byte[] bytes) {
    try {
      Message status = DynamicMessage.parseFrom(messages.get("google.rpc.Status"), bytes);
      JsonArray details = jsonOf(status).getAsJsonArray("details");
      return details == null ? new JsonArray() : details;
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException(error);
    }
  }

  private JsonObject jsonOf(Message message) {
    try {
      return JsonParser.parseString(printer.print(message)).getAsJsonObject();
    } catch (InvalidProtocolBufferException error) {
      throw new IllegalStateException(error);
    }
  }
}
