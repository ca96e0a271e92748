/** What can be known of a cluster that keeps rows and ledger, at one moment. */
export interface ClusterHealth {
  /** The datacenter that is spoken to. */
  datacenter: string;
  nodes: NodeHealth[];
  /** Ours, and that of the logins. */
  keyspaces: KeyspaceHealth[];
  tls: "none" | "verified" | "unverified";
  /** Whether nobody on the network can read along. */
  isPrivate: boolean;
}

export interface NodeHealth {
  address: string;
  /** Null when the node does not answer. */
  version: string | null;
  /** How many milliseconds its clock is ahead of ours for sure; negative when behind. */
  aheadMs: number;
}

export interface KeyspaceHealth {
  name: string;
  /** Copies of each row in the datacenter. */
  replicas: number;
  holdsLogins: boolean;
}
