/** What the gateway shows on its ports, and whose certificates it asks of clients: PEM texts. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Clients must show a certificate that one of these has signed; none is asked for where absent. */
  readonly clientCa?: string;
}
