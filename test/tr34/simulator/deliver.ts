/** A token comes to a device: what has to come of it, and what must never. */
import { KeyblockError, type KrdEvent, type KrdState, receive, requestNonce } from 'keyblock/tr34';
import { createLeakDetector, toHex } from '../../simulator/secrets.js';
import { hold } from '../../simulator/violation.js';
import { bytesOf, type Message, type SentKey } from './message.js';
import { judge, stateOf, type Verdict } from './model.js';
import type { Device, World } from './world.js';

/** How a delivery may differ from the ordinary one. */
export interface Manner {
  /** What comes instead of the token: changed where no signature is. */
  readonly bytes?: Uint8Array | undefined;
  readonly withoutKey?: boolean | undefined;
}

/** Hands a token over, and compares. Returns what happened. */
export async function deliver(
  world: World,
  device: Device,
  message: Message,
  manner: Manner = {},
): Promise<KrdEvent> {
  const { krd, policy, memory } = device;
  const at = world.now + device.skew;
  const hasKey = manner.withoutKey !== true;
  const verdict = judge({ memory, krd, policy, message, at, hasKey });
  const received = await receive({
    state: frozen(device.state),
    token: manner.bytes ?? bytesOf(message),
    unwrapper: hasKey ? krd.key : undefined,
    at: new Date(at),
    policy,
  });
  const { event } = received;
  const what = (): string => describe(device, message, event, verdict);
  const outcome = event.kind === 'refused' ? event.error.code : event.kind;
  world.stats.add(`${message.facts.kind}: ${outcome}`);
  if (event.kind === 'refused') {
    const { error } = event;
    hold(error instanceof KeyblockError, 'a refusal is a KeyblockError', what);
    hold(verdict.codes !== undefined, 'legitimate traffic is taken', what);
    hold(verdict.codes?.includes(error.code) === true, 'a refusal says why', what);
  } else {
    hold(verdict.codes === undefined, 'nothing else is taken', what);
    hold(event.kind === kindOf(message), 'an event says what happened', what);
  }
  if (event.kind === 'key') checkKey(device, message, event, what);
  checkSecrets(message, received, what);
  store(world, device, received.state, verdict, event, message, what);
  return event;
}

const EVENTS = {
  bind: 'bound',
  key: 'key',
  unbind: 'unbound',
  rebind: 'rebound',
  'authority-unbind': 'unbound',
  'authority-rebind': 'rebound',
} as const;

const kindOf = ({ facts }: Message): KrdEvent['kind'] => EVENTS[facts.kind];

/** The key is the one that the bound host has sent to this very device. */
function checkKey(
  { krd, memory }: Device,
  { facts }: Message,
  event: Extract<KrdEvent, { kind: 'key' }>,
  what: () => string,
): void {
  const sent = facts.key as SentKey;
  hold(memory.bound !== undefined, 'a device that is bound to nobody takes no key', what);
  hold(facts.signer === memory.bound, 'a key comes from the bound host', what);
  hold(facts.krd === krd, 'a key comes to its own device', what);
  hold(toHex(event.key.expose()) === toHex(sent.bytes), 'a key arrives bit for bit', what);
  hold(event.header === sent.header, 'a header arrives as it was signed', what);
  hold(event.profile === sent.profile, 'a dialect is named', what);
}

/** No event, no error and no state shows a key. */
function checkSecrets({ facts }: Message, received: object, what: () => string): void {
  if (facts.key === undefined) return;
  const { event } = received as { event: KrdEvent };
  const error = event.kind === 'refused' ? event.error : undefined;
  const own =
    error && Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)));
  const text = [JSON.stringify(received), String(error), error?.stack, own].join();
  const detector = createLeakDetector();
  detector.add(facts.key.bytes);
  const isClear = detector.leaksIn(text);
  hold(!isClear, 'nothing shows a key', what);
}

/** Stores what came of it, unless the device dies before: then it starts again from before. */
function store(
  world: World,
  device: Device,
  state: KrdState,
  { after }: Verdict,
  event: KrdEvent,
  message: Message,
  what: () => string,
): void {
  const { authorityTokens = [], ...rest } = state;
  const before = device.state.authorityTokens ?? [];
  hold(
    isDeepEqual(rest, stateOf(world.pki, device.krd, after)),
    'a state is what it has to be',
    () =>
      [what(), JSON.stringify(rest), JSON.stringify(stateOf(world.pki, device.krd, after))].join(
        '\n',
      ),
  );
  const grown = after.acted.length === 64 ? before.slice(-63) : before;
  hold(authorityTokens.length === after.acted.length, 'tokens of the CA are counted', what);
  hold(
    grown.every((digest) => authorityTokens.includes(digest)),
    'none is forgotten',
    what,
  );
  if (world.rng.oneIn(12)) {
    restart(world, device);
    return;
  }
  device.state = JSON.parse(JSON.stringify(state)) as KrdState;
  device.memory = after;
  if (event.kind !== 'key') return;
  // Whatever else happens: a device that has stored its state takes no token twice.
  hold(!device.taken.has(message.facts), 'a key token serves once', what);
  device.taken.add(message.facts);
}

/** A device starts again, with what it had stored: without its nonce, as the documentation says. */
export function restart(world: World, device: Device): void {
  const { nonce: _, ...state } = device.state;
  const { nonce: __, ...memory } = device.memory;
  device.state = state;
  device.memory = memory;
  world.stats.add('restart');
}

/** A device asks: its nonce is another one every time. */
export function ask(world: World, device: Device): Uint8Array | undefined {
  const { bound } = device.memory;
  const state = frozen(device.state);
  let asked: ReturnType<typeof requestNonce>;
  try {
    asked = requestNonce({ state, randomBytes: world.rng.bytes });
  } catch (error) {
    const isConflict = error instanceof KeyblockError && error.code === 'STATE_CONFLICT';
    hold(isConflict && bound === undefined, 'a bound device may ask', () => String(error));
    return undefined;
  }
  const { nonce } = asked.state;
  hold(bound !== undefined, 'a device that is bound to nobody asks nobody', () => device.krd.name);
  hold(nonce !== undefined && !device.asked.has(nonce), 'a nonce is new', () => String(nonce));
  device.asked.add(String(nonce));
  device.state = JSON.parse(JSON.stringify(asked.state)) as KrdState;
  device.memory = { ...device.memory, nonce };
  hold(
    isDeepEqual({ ...state, nonce }, device.state),
    'to ask changes the nonce alone',
    () => device.krd.name,
  );
  world.requests.push({ krd: device.krd, token: asked.token });
  return asked.token;
}

function frozen(state: KrdState): KrdState {
  Object.freeze(state.trust);
  if (state.authorityTokens !== undefined) Object.freeze(state.authorityTokens);
  return Object.freeze(state);
}

/** Whether two states say the same, in whatever order. */
function isDeepEqual(a: object, b: object): boolean {
  const sorted = (value: object): string =>
    JSON.stringify(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a) === sorted(b);
}

function describe(device: Device, message: Message, event: KrdEvent, verdict: Verdict): string {
  const { facts, crl } = message;
  const names = (_: string, value: unknown): unknown => {
    if (value instanceof Uint8Array) return toHex(value).slice(0, 16);
    const isNamed = typeof value === 'object' && value !== null && 'certificate' in value;
    return isNamed && 'name' in value ? value.name : value;
  };
  const { krd, policy, memory, skew } = device;
  const found = event.kind === 'refused' ? [event.error.code, event.error.field] : event.kind;
  const seen = { krd, policy, memory, skew, facts, crl, found, expected: verdict.codes ?? 'taken' };
  return JSON.stringify(seen, names, 1);
}
