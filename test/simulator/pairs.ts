/**
 * Pairs of regions and their KEKs. The seven steps are answered at once here, each of them perhaps
 * twice or after a crash; the real tokens of TR-34 are in `tr34.ts`.
 */
import { replication, SecretKey } from 'keyblock/hierarchy';
import { hold } from './violation.js';
import { attempt, envOf, type World } from './world.js';

/** A pair, and the KEKs that both sides hold by their generation. */
export interface Pair {
  record: replication.PairRecord;
  /** By region: by generation. */
  readonly keks: ReadonlyMap<string, Map<number, SecretKey>>;
}

/** Sets a pair up, without any exchange yet. */
export function openPair(world: World, from: string, to: string, n?: number): Pair {
  const record = replication.pair({
    env: envOf(world),
    pairId: `${from}-${to}${n === undefined ? '' : `-${n}`}`,
    origin: { regionId: from, profileId: 'shop' },
    destination: { regionId: to, profileId: 'shop' },
    kekBits: 256,
    transport: 'tr34-ec',
    keys: [],
  });
  const keks = new Map([from, to].map((region) => [region, new Map<number, SecretKey>()]));
  return { record, keks };
}

/** One step of an exchange that is under way; its answer may be lost, or come twice. */
export function stepExchange(world: World, pair: Pair): boolean {
  const env = envOf(world);
  const stored = JSON.parse(JSON.stringify(pair.record)) as replication.PairRecord;
  const command = replication.nextStep({ env, pair: stored });
  if (command === undefined) return false;
  const again = replication.nextStep({ env, pair: stored });
  hold(
    JSON.stringify(command) === JSON.stringify(again),
    'a step that is asked for again is the same step',
    () => command.idempotencyKey,
  );
  const answer = answerStep(world, pair, command);
  hold(
    !world.leaks.leaksIn(JSON.stringify([command, answer, stored])),
    'I12 no secret in an exchange',
    () => command.step,
  );
  world.stats.add(`exchange ${command.step}`);
  if (world.faults && world.rng.oneIn(6)) {
    world.stats.add('fault: answer to a step lost');
    return true;
  }
  const result = { command, ...answer };
  ({ pair: pair.record } = replication.applyStep({ env, pair: stored, result }));
  const twice = attempt(world, 'applyStep', ['STATE_CONFLICT', 'FRESHNESS'], () =>
    replication.applyStep({ env, pair: pair.record, result }),
  );
  hold(
    twice === undefined || JSON.stringify(twice.pair) === JSON.stringify(pair.record),
    'an answer that comes twice changes nothing',
    () => command.step,
  );
  return true;
}

type Answer = { readonly outcome: 'done' } & Omit<
  Extract<replication.ExchangeResult, { outcome: 'done' }>,
  'command' | 'outcome'
>;

/** What a region answers; what was done once is answered, and not done again. */
function answerStep(world: World, pair: Pair, command: replication.ExchangeCommand): Answer {
  const { generation, regionId } = command;
  const held = pair.keks.get(regionId) ?? new Map<number, SecretKey>();
  const certificate = { certificate: 'MIIB', rootCertificate: 'MIIC' };
  const kek = (): Answer => ({
    outcome: 'done',
    kekId: `kek-${generation}`,
    kcv: { method: 'cmac', value: held.get(generation)?.kcv() ?? '' },
  });
  switch (command.step) {
    case 'create-kek': {
      if (!held.has(generation)) {
        const bytes = world.rng.bytes(32);
        world.leaks.add(bytes);
        held.set(generation, new SecretKey({ algorithm: 'AES', bytes }));
      }
      return kek();
    }
    case 'import-kek': {
      const made = pair.keks.get(pair.record.origin.regionId)?.get(generation);
      if (made !== undefined) held.set(generation, made);
      return kek();
    }
    case 'krd-parameters': {
      const nonce = Array.from(world.rng.bytes(16), (b) => b.toString(16).padStart(2, '0'));
      return { outcome: 'done', ...certificate, nonce: nonce.join('').toUpperCase() };
    }
    case 'kdh-parameters':
      return { outcome: 'done', ...certificate };
    case 'export-kek':
      return { outcome: 'done', token: 'MIID' };
    default:
      return { outcome: 'done' };
  }
}

/** KEKs that are needed no more go, on both sides. */
export function deleteKeks(pair: Pair, commands: readonly replication.ExchangeCommand[]): void {
  for (const { regionId, generation, step } of commands) {
    if (step === 'delete-kek') pair.keks.get(regionId)?.delete(generation);
  }
}
