import { join } from "node:path";
import { isTenantName } from "../base/tenant_name.ts";
import { listFolder, statIfThere } from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";
import { readSidecar, type StagedFile } from "./sidecar.ts";

/** A file without a record: somebody put it into `staging/<tenant>/`. */
export interface ArrivingFile {
  tenant: string;
  /** Its name in the tenant's folder. */
  name: string;
  path: string;
  stat: Deno.FileInfo;
}

/** Something in staging that is not loaded. */
export interface StagingProblem {
  path: string;
  /** The reason, and what to do. */
  why: string;
  /** For a hidden file: programs that copy often write one first. */
  stat?: Deno.FileInfo;
}

/** What is in staging. */
export interface Survey {
  /** Files with a record. */
  recorded: StagedFile[];
  arriving: ArrivingFile[];
  /** Ids of the known files, which are not read. */
  known: string[];
  problems: StagingProblem[];
}

interface SurveyOptions {
  /** Files that are known are not read. */
  isKnownFile?: (tenant: string, id: string) => boolean;
  /** Whether a tenant has an account or a module; files without a record wait for one. */
  isKnownTenant?: (tenant: string) => boolean;
}

/** Problems of one folder that are listed one by one; the others are counted. */
const MAX_LISTED = 20;
/** The requests to load a file again. */
const OWN_FOLDER = ".replay";

/**
 * Lists what is in staging, and changes nothing. What cannot be read, in one tenant's folder too, is a
 * problem and does not hide the rest.
 *
 * @throws when the folder of all tenants cannot be read
 */
export async function surveyStaging(layout: Layout, options: SurveyOptions = {}): Promise<Survey> {
  const survey: Survey = { recorded: [], arriving: [], known: [], problems: [] };
  const root = layout.folder("staging");
  const strays: StagingProblem[] = [];
  for (const entry of await listFolder(root)) {
    const path = join(root, entry.name);
    if (entry.isDirectory && isTenantName(entry.name)) {
      await surveyTenant(layout, entry.name, options, survey);
    } else if (entry.name !== OWN_FOLDER) strays.push({ path, why: whyStray(entry) });
  }
  survey.problems.push(...bounded(root, strays));
  return survey;
}

async function surveyTenant(
  layout: Layout,
  tenant: string,
  options: SurveyOptions,
  survey: Survey,
): Promise<void> {
  const folder = layout.tenantFolder("staging", tenant);
  const problems: StagingProblem[] = [];
  const arriving: ArrivingFile[] = [];
  try {
    for (const entry of await listFolder(folder)) {
      const { name } = entry;
      if (isOwn(name)) continue;
      if (isFileId(name) && options.isKnownFile?.(tenant, name)) {
        survey.known.push(name);
        continue;
      }
      const path = join(folder, name);
      try {
        const stat = await statIfThere(path);
        // Null: it was moved away after it was listed.
        if (!stat) continue;
        const why = whyIgnored(entry);
        if (why !== null) problems.push({ path, why, ...(stat.isFile && { stat }) });
        else {
          const record = isFileId(name) ? await readSidecar(layout, "staging", tenant, name) : null;
          if (record) survey.recorded.push(record);
          else arriving.push({ tenant, name, path, stat });
        }
      } catch (error) {
        problems.push({ path, why: whyUnreadable(error) });
      }
    }
  } catch (error) {
    problems.push({ path: folder, why: whyUnreadable(error) });
  }
  if (arriving.length > 0 && options.isKnownTenant?.(tenant) === false) {
    problems.push({ path: folder, why: whyUnknown(tenant) });
  } else survey.arriving.push(...arriving);
  survey.problems.push(...bounded(folder, problems));
}

/** Records, and files that are being written: `.<id>.json`, `.<name>.<uuid>.tmp`. */
function isOwn(name: string): boolean {
  const [, id] = /^\.(.*)\.json$/.exec(name) ?? [];
  return (id !== undefined && isFileId(id)) || /^\..*\.[0-9a-f-]{36}\.tmp$/.test(name);
}

function whyStray(entry: Deno.DirEntry): string {
  if (entry.isDirectory && !entry.name.startsWith(".")) {
    return "its name is not the name of a tenant. Move its files to staging/TENANT";
  }
  return whyIgnored(entry) ?? "it is not in the folder of a tenant. Move it to staging/TENANT";
}

/** Why an entry is not loaded; null for a file that can be. */
function whyIgnored({ name, isFile, isDirectory, isSymlink }: Deno.DirEntry): string | null {
  if (isSymlink) return "it is a symbolic link. Replace it with the file that it points to";
  if (name.startsWith(".")) return "its name starts with a dot. Rename it, or remove it";
  if (isDirectory) return "it is a folder. Move its files into the folder of the tenant";
  return isFile ? null : "it is not a regular file. Remove it";
}

function whyUnknown(tenant: string): string {
  return `no tenant "${tenant}" exists. Run mysimbdp manage tenant add ${tenant}, or move the ` +
    "files to the folder of another tenant";
}

/** Why a file or folder cannot be read, and what to do. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) {
    return "the user of the services may not read or move it. Run chown, so that it has the owner " +
      "of the data directory";
  }
  return error instanceof Error ? error.message : String(error);
}

/** The first problems of a folder, and how many more there are. */
function bounded(folder: string, problems: StagingProblem[]): StagingProblem[] {
  const listed = problems.slice(0, MAX_LISTED);
  const more = problems.length - listed.length;
  if (more === 0) return listed;
  return [...listed, {
    path: folder,
    why: `${more} more entries cannot be loaded. List the folder`,
  }];
}
