/** The format of a module's files: what `csv()`, `json()` and the like return. */
export interface FileFormat<Kind extends string, Options, FileRecord> {
  readonly kind: Kind;
  readonly options: Options;
  /** Never set; the type of the records that `row` receives. */
  readonly record?: FileRecord;
}
