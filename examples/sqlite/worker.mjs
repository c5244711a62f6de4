// A worker of the pool: it is given both main keys once, and then works on tasks, which are JSON.
import { workerData } from 'node:worker_threads';
import { SecretKey } from 'keyblock';
import { createKeyRing, rotation } from 'keyblock/hierarchy';

const ring = createKeyRing({
  keys: workerData.keys.map(({ ref, bytes }) => {
    const key = new SecretKey({ algorithm: 'AES', bytes });
    bytes.fill(0);
    return { ref, key };
  }),
});

/** A task in, its result out: the kind of the task says what is to be done. */
export function work(task) {
  switch (task.kind) {
    case 'rewrap-task':
      return rotation.run({ task, ring });
    case 'verify-task':
      return rotation.verifyRun({ task, ring });
    case 'cleanup-task':
      return rotation.cleanupRun({ task, ring });
  }
}
