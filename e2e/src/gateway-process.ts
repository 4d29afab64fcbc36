import type { ChildService } from "./child-service.js";

export class GatewayProcess {
  constructor(readonly service: ChildService) {}

  get port(): number {
    return Number(this.service.ready.port);
  }

  get grpcPort(): number {
    return Number(this.service.ready.grpcPort);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A new life on the same ports. */
  restart(): Promise<void> {
    const { port, grpcPort } = this;
    return this.service.restart({ AGENTSPAN_PORT: String(port), AGENTSPAN_GRPC_PORT: String(grpcPort) });
  }
}
