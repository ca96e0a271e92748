import type { Format } from "../format.ts";
import type { RecordFault } from "../../sandbox/formats/contract.ts";
import type { Decision } from "./column_decision.ts";
import type { ColumnProfile } from "./profile/column_profile.ts";
import type { ProposedVersions } from "./versions_proposal.ts";

/** A column of the proposed table. */
export interface ProposedColumn {
  /** The name in the table. */
  name: string;
  profile: ColumnProfile;
  decision: Decision;
  /** Whether some sample, or some record of a format without a header, lacks it. */
  isOptional: boolean;
}

/** The key of the proposed table. */
export interface ProposedKey {
  /** Names of columns; empty if each record gets an id of its own. */
  partition: string[];
  clustering: string[];
  /** What shows that this is the key, as a sentence. */
  reason: string;
}

/** What was found out about the samples. */
export interface Proposal {
  fileNames: string[];
  /** The names of the zip archives that the samples are in. */
  archives: string[];
  format: Format;
  columns: ProposedColumn[];
  key: ProposedKey;
  versions: ProposedVersions;
  records: number;
  /** The records that cannot be read, and the first of them. */
  faults: number;
  firstFault: RecordFault | null;
  /** What was found, as sentences without a full stop. */
  notes: string[];
  /** What the author should check; the doubts of columns are with the columns. */
  unsure: string[];
}
