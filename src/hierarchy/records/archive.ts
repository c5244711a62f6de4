/** What belongs to a backup: the digest of every record, and one over all of them. */
export interface ArchiveManifest {
  /** Says what this is. */
  readonly kind: 'archive-manifest';
  /** Version of the shape of this object. */
  readonly schema: 1;
  /** The region whose records were stored away, as the caller has said. */
  readonly regionId: string;
  /** When the manifest was made. */
  readonly createdAt: string;
  /** How many entries there are. */
  readonly count: number;
  /** In the order of their ids. */
  readonly entries: readonly {
    /** As `recordId` gives it; no two entries have the same. */
    readonly recordId: string;
    /** Of the record in the backup: for people, since the digest covers it. */
    readonly revision: number;
    /** SHA-256 of the canonical JSON of the record, in lower-case hex. */
    readonly digest: string;
  }[];
  /** SHA-256 of the canonical JSON of all that stands above, in lower-case hex. */
  readonly digest: string;
}
