/** Who does the work of a rotation: this process, with both main keys, or a port. */

import { KeyblockError } from '../../errors.js';
import { own } from '../../primitives/bytes.js';
import type { RandomBytes } from '../../primitives/random.js';
import type { SecretKey } from '../../secret-key.js';
import { requireMainKey, sameKcv } from '../check-value.js';
import { type KeyRing, secretOf, withSecret } from '../key-ring.js';
import { openProfileVersion } from '../profile.js';
import type { KeyRef, MainKeyVersion, RotationJob } from '../records.js';
import { versionOf } from '../versions.js';
import { type CleanupResult, type CleanupTask, cleanupTask } from './cleanup.js';
import type { MainKeyRecord } from './main-key-record.js';
import { cleanupWithPort, runWithPort, type TranslatePort, verifyWithPort } from './port.js';
import { type RewrapResult, rewrapTask } from './run.js';
import type { RewrapTask } from './tasks.js';
import { type VerifyResult, type VerifyTask, verifyTask } from './verify.js';
import { createWorkbench } from './workbench.js';

/** What works on tasks. */
export interface RotationEngine {
  /** Throws where the new main key is not at hand, or another has its name. */
  requireNewKey(): void | Promise<void>;
  rewrap(task: RewrapTask): RewrapResult | Promise<RewrapResult>;
  verify(task: VerifyTask): VerifyResult | Promise<VerifyResult>;
  cleanup(task: CleanupTask): CleanupResult | Promise<CleanupResult>;
  /** Destroys the main keys that the engine has opened itself. */
  close(): void;
}

/** What an engine is made from: options of `rotate`. */
export interface EngineOptions {
  /**
   * The main keys of both versions; of a profile that of its region will do, and a rotation that is
   * only planned begins with it. With a port it is needed for that alone.
   */
  readonly ring?: KeyRing | undefined;
  /** Does the work where the main keys are, in the place of this process. */
  readonly port?: TranslatePort | undefined;
  /**
   * Where padding comes from; with a port of no use.
   * @defaultValue Web Crypto
   */
  readonly randomBytes?: RandomBytes | undefined;
}

/** Makes the engine of a rotation. */
export function createEngine(
  options: EngineOptions,
  job: RotationJob,
  mainKey: MainKeyRecord,
): RotationEngine {
  const port = own(options, 'port');
  if (port !== undefined) return createPortEngine(port, job, mainKey);
  const given = own(options, 'ring');
  if (given === undefined) throw new KeyblockError('INVALID_ARGUMENT', { field: 'ring' });
  const { ring, opened } = withVersions(given, mainKey, [job.from, job.to]);
  const workbench = createWorkbench(ring, own(options, 'randomBytes'));
  return {
    requireNewKey: () => void secretOf(ring, job.to),
    rewrap: (task) => rewrapTask(task, workbench),
    verify: (task) => verifyTask(task, secretOf(ring, task.to), workbench),
    cleanup: (task) => cleanupTask(task, workbench),
    close: () => {
      workbench.destroy();
      for (const key of opened) key.destroy();
    },
  };
}

/** The main keys of a port are compared with those of the record for every task. */
function createPortEngine(
  port: TranslatePort,
  { to }: RotationJob,
  mainKey: MainKeyRecord,
): RotationEngine {
  return {
    async requireNewKey() {
      const { kcv } = versionOf<MainKeyVersion>(mainKey.versions, to.version);
      if (sameKcv(await port.kcv(to), kcv)) return;
      throw new KeyblockError('KCV_MISMATCH', { field: 'port' });
    },
    rewrap: (task) => runWithPort({ task, port }),
    verify: (task) => verifyWithPort({ task, port }),
    cleanup: (task) => cleanupWithPort({ task, port }),
    close: () => undefined,
  };
}

/**
 * A ring that has the main keys of a profile too, where it has that of its region. What it has
 * under their names is what is in the record; `openProfileVersion` looks at that itself.
 */
function withVersions(
  given: KeyRing,
  mainKey: MainKeyRecord,
  refs: readonly KeyRef[],
): { readonly ring: KeyRing; readonly opened: readonly SecretKey[] } {
  const opened: SecretKey[] = [];
  let ring = given;
  for (const ref of refs) {
    const known = given.secret(ref);
    try {
      if (known !== undefined) {
        requireMainKey(known, versionOf<MainKeyVersion>(mainKey.versions, ref.version));
        continue;
      }
      if (mainKey.kind !== 'profile') continue;
      const version = versionOf(mainKey.versions, ref.version);
      if (version.slots.length === 0) continue;
      const key = openProfileVersion(mainKey, version, given);
      opened.push(key);
      ring = withSecret(ring, ref, key);
    } catch (error) {
      for (const key of opened) key.destroy();
      throw error;
    }
  }
  return { ring, opened };
}
