/**
 * A device that holds main keys, behind a port: it takes its time, meanwhile others write, and now
 * and then it fails, lies or mixes things up.
 */
import { type Kcv, KeyblockError, type KeyRef, type rotation, SecretKey } from 'keyblock/hierarchy';
import { rewrapKey, unwrapKey, wrapKey } from 'keyblock/tr31';
import { change } from './customers.js';
import { heldRecords, type Line, recordsOf, workRing } from './line.js';
import { DeviceError } from './violation.js';
import { takeBytes, type World } from './world.js';

/** Makes the port of a device; one that does not compare leaves check values to tell keys. */
export function createPort(world: World, line: Line, compares: boolean): rotation.TranslatePort {
  const open = ({ block, under }: rotation.PortBlock): SecretKey =>
    unwrapKey({ kbpk: keyOf(world, line, under), keyBlock: block }).key;
  const port: rotation.TranslatePort = {
    async translate(request) {
      await work(world, line, 'translate');
      const wrong = isFaulty(world, line, 12) ? wrongBlock(world, line, request) : undefined;
      return wrong ?? rewrap(world, line, request);
    },
    async kcv(ref) {
      await work(world, line, 'kcv');
      return checkValueOf(world, line, keyOf(world, line, ref));
    },
    async keyKcv(block) {
      await work(world, line, 'keyKcv');
      return checkValueOf(world, line, open(block));
    },
  };
  if (!compares) return port;
  return {
    ...port,
    async compare(a, b) {
      await work(world, line, 'compare');
      const same = takeBytes(open(a)).join() === takeBytes(open(b)).join();
      return same && !isFaulty(world, line, 40);
    },
  };
}

/** Time passes while a device works; somebody changes a key, or the device fails. */
async function work(world: World, line: Line, what: string): Promise<void> {
  const { rng, stats } = world;
  for (let n = rng.int(3); n > 0; n--) await Promise.resolve();
  stats.add(`port ${what}`);
  const truths = line.site.truths.live();
  if (world.faults && truths.length > 0 && rng.oneIn(30)) {
    change(world, line.site, rng.pick(truths));
    stats.add('a key changed while a device worked');
  }
  if (!world.faults || !rng.oneIn(60)) return;
  stats.add('fault: device');
  // About a main key no error is about a single block.
  if (what === 'kcv' || rng.oneIn(2)) throw new DeviceError(what);
  throw new KeyblockError('AUTHENTICATION_FAILED', { field: 'keyBlock' });
}

/** Where the switch comes before the proof, nothing can be done about a device that lies. */
function isFaulty(world: World, line: Line, oneIn: number): boolean {
  const isUrgent = recordsOf(line)?.job.policy.promoteBeforeTranslated === true;
  return world.faults && !isUrgent && world.rng.oneIn(oneIn);
}

function keyOf(world: World, line: Line, ref: KeyRef): SecretKey {
  const key = workRing(world, line).secret(ref);
  if (key === undefined) throw new DeviceError(`${ref.keyId} ${ref.version} is not here`);
  return key;
}

type Request = Parameters<rotation.TranslatePort['translate']>[0];

function rewrap(world: World, line: Line, { block, from, to }: Request): string {
  return rewrapKey({
    keyBlock: block,
    from: keyOf(world, line, from),
    to: keyOf(world, line, to),
    randomBytes: (length) => world.rng.bytes(length),
  });
}

/** What a device should not answer: some of it can not be told without the key. */
function wrongBlock(world: World, line: Line, request: Request): string {
  const { rng, stats } = world;
  const block = rewrap(world, line, request);
  const ways: readonly (readonly [name: string, make: () => string])[] = [
    ['the block as it was', () => request.block],
    ['nothing', () => ''],
    ['another key', () => otherKey(world, line, block, request.to)],
    ['the block of another record', () => blockOfAnother(world, line, request) ?? block],
    ['another digit', () => `${block.slice(0, -1)}${block.endsWith('0') ? '1' : '0'}`],
    ['fewer rights', () => narrowed(world, line, request)],
  ];
  const [name, make] = rng.pick(ways);
  line.isLiedTo = true;
  stats.add(`fault: a device answers ${name}`);
  return make();
}

/** The same header, with another key of the same kind. */
function otherKey(world: World, line: Line, keyBlock: string, to: KeyRef): string {
  const kbpk = keyOf(world, line, to);
  const { header, key } = unwrapKey({ kbpk, keyBlock });
  const { algorithm, hash } = key;
  const bytes = world.rng.bytes(takeBytes(key).length);
  world.leaks.add(bytes);
  const other = new SecretKey({ algorithm, bytes, ...(hash && { hash }) });
  return wrapKey({ kbpk, key: other, header, maskedKeyLength: 32 });
}

function blockOfAnother(world: World, line: Line, { from, to }: Request): string | undefined {
  const blocks = heldRecords(line).flatMap((record) =>
    record.kind === 'customer-key' && record.profileId === line.profileId ? record.slots : [],
  );
  const fits = blocks.filter(({ under }) => under.version === from.version);
  return fits.length === 0
    ? undefined
    : rewrap(world, line, { block: world.rng.pick(fits).block, from, to });
}

function narrowed(world: World, line: Line, { block, from, to }: Request): string {
  const header = { exportability: 'N' } as const;
  const keys = { from: keyOf(world, line, from), to: keyOf(world, line, to) };
  return rewrapKey({ keyBlock: block, ...keys, header });
}

/** The check value of a key, or that of none. */
function checkValueOf(world: World, line: Line, key: SecretKey): Kcv {
  const methods = { AES: 'cmac', TDES: 'legacy', HMAC: 'hmac' } as const;
  const method = methods[key.algorithm as keyof typeof methods];
  const value = key.kcv();
  if (!isFaulty(world, line, 40)) return { method, value };
  world.stats.add('fault: a device tells a wrong check value');
  return { method, value: value.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) };
}
