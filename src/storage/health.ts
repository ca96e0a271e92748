/** The first major release of Cassandra that has the indexes of the ledger. */
export const OLDEST_RELEASE = 5;

/** The state of a cluster at one moment. */
export interface ClusterHealth {
  /** The datacenter that the storage URL names. */
  datacenter: string;
  nodes: NodeHealth[];
  /** The keyspaces of this installation, and that of the logins. */
  keyspaces: KeyspaceHealth[];
  /** In all datacenters, because a client reads roles in the one that it connects to. */
  logins: LoginCopies[];
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

/** The copies of the logins in one datacenter of the cluster. */
export interface LoginCopies {
  datacenter: string;
  nodes: number;
  /** Copies of each role; null if the replication does not consider datacenters. */
  replicas: number | null;
}

/** A table whose first page of 5,000 rows has more tombstones than its node warns about. */
export interface TableTombstones {
  /** With its keyspace, quoted. */
  table: string;
  /** Null if the node refuses to read the page because it has too many. */
  tombstones: number | null;
}

/** The roles with which rows are written. */
export interface RolesHealth {
  /** False if the file from which their passwords are derived is missing; then none is checked. */
  hasKey: boolean;
  /** The role of the storage URL. */
  operator: string;
  /** By the names of their tenants. */
  roles: RoleHealth[];
  /** Roles that were not checked in time. */
  unchecked: number;
}

export interface RoleHealth {
  tenant: string;
  role: string;
  /** The code of the failure with which it cannot log in; null if it can. */
  fault: string | null;
  /** Permissions on its keyspace that it needs and does not have. */
  missing: string[];
  /** Statements that take back its permissions outside its keyspace. */
  excess: string[];
  /** Whether the role of the storage URL may see and change it. */
  isOurs: boolean;
}
