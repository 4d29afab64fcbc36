/** An IP address in its plain form: IPv4 as such, also where a socket of both kinds took it; empty where unknown. */
export function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/i, "") ?? "";
}

/** The address in grpc-js's word for a peer: "127.0.0.1:5000", "[::1]:5000". */
export function addressOfPeer(peer: string): string {
  return plainAddress(/^\[?(.+?)\]?:\d+$/.exec(peer)?.[1]);
}
