// A rotation of a region without profiles at each of its stages: what single steps are tried on.

import { createRegionKey, type RotationJob, rotation } from 'keyblock/hierarchy';
import { KDH, REGION } from './world.js';

type Step = rotation.RotationStep;

const START = new Date('2027-01-01T00:00:00Z');

/** So many seconds after the start. */
export function envAt(seconds: number): { readonly at: Date } {
  return { at: new Date(START.getTime() + 1000 * seconds) };
}

/** How long readers are waited for, in seconds. */
export const STALENESS = 60;

/** The records after every step of a rotation, and of one that is given up. */
export function stages() {
  const env = envAt(0);
  const later = envAt(STALENESS);
  const { record } = createRegionKey({ env, regionId: REGION, kdh: KDH });
  const policy = { maxReaderStalenessSeconds: STALENESS };
  const planned: Step = rotation.plan({ env, mainKey: record, kdh: KDH, policy });
  const started: Step = rotation.start({ env, ...planned });
  const { mainKey } = started;
  const folded = rotation.verifyFold({ env, job: started.job, results: [], count: 0 });
  const ready: Step = { ...folded, mainKey };
  const promoted: Step = rotation.promote({ env, ...ready });
  const cleaning: Step = rotation.startCleanup({ env: later, ...promoted });
  const done: Step = rotation.retire({ env: later, ...cleaning, stragglers: 0 });
  const back: Step = rotation.rollback({ env, ...promoted });
  const aborting: Step = rotation.abort({ env, ...started });
  const aborted: Step = rotation.retire({ env: later, ...aborting, stragglers: 0 });
  return { record, planned, started, ready, promoted, cleaning, done, back, aborting, aborted };
}

/** The same rotation, paused. */
export function paused({ job, mainKey }: Step): Step {
  return rotation.pause({ env: envAt(0), job, mainKey });
}

/** The same rotation, its main key in the hands of another job. */
export function foreign({ job, mainKey }: Step): Pick<Step, 'job' | 'mainKey'> {
  return { job, mainKey: { ...mainKey, jobId: 'another' } };
}

/** A job as whoever writes to the store may leave it. */
export function altered(job: RotationJob, change: object): RotationJob {
  return { ...job, ...change };
}
