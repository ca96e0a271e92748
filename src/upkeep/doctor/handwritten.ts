import { faultsOfFiles, type FileSubject } from "../handwritten.ts";
import { type CheckContext, failed, type Finding, ok } from "./finding.ts";

/** Files that people write or change by hand have no faults. */
export function checkFilesOf(subject: FileSubject) {
  return async ({ layout }: CheckContext): Promise<Finding[]> => {
    const findings: Finding[] = [];
    for await (const fault of faultsOfFiles(layout)) {
      if (fault.subject !== subject) continue;
      findings.push(failed(subject, `${fault.where}: ${fault.message}`, HINTS[subject]));
    }
    return findings.length > 0 ? findings : [ok(subject, "no faults in the files")];
  };
}

const HINTS: Record<FileSubject, string> = {
  constraints: 'Correct it, such as {"formats":[".csv"],"number_files":10,"data_sizes":4096}.',
  accounts: "Correct the line, which maps a name to a hash, or restore the file from a backup.",
  tokens: "Restore the file from a backup, or remove it, which ends the account's tokens.",
  modules: "Run mysimbdp manage tenant deploy to deploy the module again.",
  secrets: "Correct it, or set the secrets again with mysimbdp manage tenant secret set.",
};
