/** What the results of one full scan add up to, one by one. */

import { KeyblockError } from '../../errors.js';
import { own, requireObject } from '../../primitives/bytes.js';
import { isListOf, isText } from '../read-record.js';
import type { Commitment, RotationJob } from '../records.js';
import { addCommitments, sameCommitment } from './commitment.js';
import { attemptOf } from './job.js';
import type { RotationFailure } from './run.js';
import { createSeen } from './seen.js';
import type { VerificationKind, VerifyResult } from './verify.js';

/** A scan that is under way, or over. */
export interface Tally {
  /** Takes the result of a task. One of another job, or of another scan, is passed over. */
  add(result: VerifyResult): void;
  /** The rows that failed. */
  readonly failures: readonly RotationFailure[];
  total(): ScanTotal;
}

/** What a scan has come to. */
export interface ScanTotal {
  readonly attempt: string;
  /** Records seen, each counted once. */
  readonly records: number;
  /** Whether a record came twice: it may stand in for one that never came. */
  readonly isRepeated: boolean;
  /** Whether every key that was seen agrees on both sides, and no record came twice. */
  readonly agrees: boolean;
  readonly commitment: Commitment;
  readonly verification: VerificationKind;
  readonly failures: readonly RotationFailure[];
}

/** Begins to add up a scan for a job as it stands. */
export function createTally(job: RotationJob): Tally {
  const { jobId } = job;
  const attempt = attemptOf(job);
  const seen = createSeen();
  const failures: RotationFailure[] = [];
  let before = addCommitments([]);
  let after = addCommitments([]);
  let verification: VerificationKind = 'key-bytes';
  let keyless = 0;
  let isRepeated = false;
  return {
    failures,
    add(given) {
      const result = readResult(given);
      if (result.jobId !== jobId || result.attempt !== attempt) return;
      for (const recordId of result.records) {
        if (!seen.add(recordId)) isRepeated = true;
      }
      for (const recordId of result.keyless) {
        if (!seen.add(recordId)) isRepeated = true;
        else keyless += 1;
      }
      before = addCommitments([before, result.before]);
      after = addCommitments([after, result.after]);
      verification = weaker(verification, result.verification);
      for (const failure of result.failures) failures.push(failure);
    },
    total() {
      // Every record that was seen has at least one key in the sums, or holds none.
      const records = seen.count();
      const isWhole = !isRepeated && failures.length === 0 && after.count >= records - keyless;
      const agrees = isWhole && sameCommitment(before, after);
      return { attempt, records, isRepeated, agrees, commitment: after, verification, failures };
    },
  };
}

/** From the strongest to the weakest. */
const VERIFICATIONS: readonly VerificationKind[] = ['key-bytes', 'port-compare', 'kcv-only'];

/** One row that was compared by its check value makes it the comparison of all. */
function weaker(a: VerificationKind, b: VerificationKind): VerificationKind {
  return VERIFICATIONS.indexOf(a) > VERIFICATIONS.indexOf(b) ? a : b;
}

/** Reads a result that has come through a queue. */
function readResult(result: VerifyResult): VerifyResult {
  requireObject(result, 'job');
  const isResult =
    result !== undefined &&
    own(result, 'kind') === 'verify-result' &&
    isText(own(result, 'jobId')) &&
    isText(own(result, 'attempt')) &&
    isListOf(own(result, 'records'), isText) &&
    isListOf(own(result, 'keyless'), isText) &&
    isCommitment(own(result, 'before')) &&
    isCommitment(own(result, 'after')) &&
    VERIFICATIONS.includes(own(result, 'verification') as VerificationKind) && // any may be sought
    isListOf(own(result, 'failures'), isFailure);
  if (!isResult) throw new KeyblockError('INVALID_ARGUMENT', { field: 'job' });
  return result;
}

function isCommitment(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { count, sum } = value as Partial<Commitment>; // as far as it is one
  return (
    typeof count === 'number' &&
    Number.isSafeInteger(count) &&
    count >= 0 &&
    typeof sum === 'string' &&
    /^[0-9a-f]{64}$/.test(sum)
  );
}

function isFailure(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { recordId, code } = value as Partial<RotationFailure>; // as far as it is one
  return isText(recordId) && isText(code);
}
