/** The state of a cluster at one moment. */
export interface ClusterHealth {
  /** The datacenter that the storage URL names. */
  datacenter: string;
  nodes: NodeHealth[];
  /** The keyspaces of this installation, and that of the logins. */
  keyspaces: KeyspaceHealth[];
  tls: "none" | "verified" | "unverified";
  /** Whether the connections cannot be read on a network: TLS, or only this machine. */
  isPrivate: boolean;
}

export interface NodeHealth {
  address: string;
  /** Null if the node does not answer. */
  version: string | null;
  /** Minimum milliseconds that its clock is ahead of the clock of this machine; negative if behind. */
  aheadMs: number;
}

export interface KeyspaceHealth {
  name: string;
  /** Copies of each row in the datacenter. */
  replicas: number;
  holdsLogins: boolean;
}
