/** Everything that an audit may find, with a text that is the same for every finding of its ID. */

/** How much a finding matters: to be repaired now, to be looked at, to be known. */
export type Severity = 'error' | 'warning' | 'info';

/** Every finding. */
const FINDINGS = {
  // Any record.
  'malformed-record': {
    severity: 'error',
    text: 'The row is no record of this library, or one that was altered.',
  },
  'duplicate-record': { severity: 'error', text: 'Two rows are records of one ID.' },
  // Who belongs to whom.
  'orphan-profile': { severity: 'error', text: 'There is no record of the region of the profile.' },
  'orphan-key': { severity: 'error', text: 'There is no record of the profile of the key.' },
  'cross-region-edge': {
    severity: 'error',
    text: 'A block is under a main key of another region or profile.',
  },
  'dangling-alias': { severity: 'warning', text: 'An alias names a key that is not there.' },
  'job-missing': { severity: 'error', text: 'A rotation is under way of which there is no job.' },
  'job-without-record': { severity: 'error', text: 'A job is for a main key that is not there.' },
  // Versions of main keys.
  'several-active-versions': {
    severity: 'error',
    text: 'A main key has more than one active version.',
  },
  'several-pending-versions': {
    severity: 'error',
    text: 'A main key has more than one pending version.',
  },
  'no-active-version': { severity: 'error', text: 'A main key has no active version.' },
  'compromised-in-use': {
    severity: 'error',
    text: 'The active version of a main key is known to be compromised.',
  },
  'overdue-wrap': {
    severity: 'warning',
    text: 'The active version of a main key wraps keys after its originator usage period.',
  },
  'overdue-unwrap': {
    severity: 'error',
    text: 'A version of a main key is in use after its recipient usage period.',
  },
  'config-differs': {
    severity: 'error',
    text: 'The configuration of a profile is not the one of its digest.',
  },
  'token-of-dead-version': {
    severity: 'warning',
    text: 'A token in the archive carries a version of a main key that was destroyed.',
  },
  // Where blocks stand.
  'no-block': { severity: 'error', text: 'A live key, or a live version of one, has no block.' },
  'several-blocks': { severity: 'error', text: 'Two blocks of a key are under one version.' },
  'unknown-version': {
    severity: 'error',
    text: 'A block is under a version that its main key does not have.',
  },
  'mixed-versions': {
    severity: 'error',
    text: 'A block is under a version that is neither active nor pending nor retiring.',
  },
  straggler: {
    severity: 'warning',
    text: 'A key has no block under the active version, and no rotation is under way.',
  },
  'tombstone-with-block': { severity: 'error', text: 'A deleted key still has a block.' },
  'overdue-purge': {
    severity: 'warning',
    text: 'A key that was to be purged is still there a day after its time.',
  },
  // What blocks say.
  'digest-differs': {
    severity: 'error',
    text: 'The text of a block is not the one of its digest.',
  },
  'malformed-block': { severity: 'error', text: 'A block is no TR-31 key block.' },
  'weak-wrap': {
    severity: 'error',
    text: 'A block is not of version D under AES-256: the key is weaker protected than it may be.',
  },
  'weak-pedigree': {
    severity: 'warning',
    text: 'A key was once wrapped under a weaker or an asymmetric key, as its block WP says.',
  },
  'not-for-storage': { severity: 'error', text: 'The key context of a block is not storage.' },
  'missing-kp': {
    severity: 'error',
    text: 'A block does not say under which main key it is: it has no check value KP.',
  },
  'kp-differs': {
    severity: 'error',
    text: 'The check value KP of a block is not that of the version that it stands under.',
  },
  'place-differs': {
    severity: 'error',
    text: 'A block says that it belongs to another record, or not where it belongs.',
  },
  'header-differs': {
    severity: 'error',
    text: 'The attributes of a record are not those of its block.',
  },
  // Who shares a key.
  'too-many-parties': { severity: 'error', text: 'More than two parties share a key.' },
  'shared-check-value': {
    severity: 'warning',
    text: 'Keys of different parties have one check value: by chance, or because they are one key.',
  },
} as const;

/** What a finding is about. */
export type FindingId = keyof typeof FINDINGS;

/** Something in a store that should not be. */
export interface HierarchyFinding {
  /** Decides over severity and text. */
  readonly id: FindingId;
  /** The same for every finding of one ID. */
  readonly severity: Severity;
  /** As {@link recordId} gives it; empty for a row that has none. */
  readonly recordId: string;
  /** The same for every finding of one ID: nothing of the record stands in it. */
  readonly text: string;
}

/** Takes findings. */
export type Report = (id: FindingId, recordId: string) => void;

/** Makes a collector: a finding counts once a record. */
export function collectFindings(): {
  readonly findings: readonly HierarchyFinding[];
  readonly report: Report;
} {
  const findings: HierarchyFinding[] = [];
  const known = new Set<string>();
  const report: Report = (id, recordId) => {
    const name = `${id} ${recordId}`;
    if (known.has(name)) return;
    known.add(name);
    findings.push({ id, recordId, ...FINDINGS[id] });
  };
  return { findings, report };
}
