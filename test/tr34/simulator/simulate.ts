/** One world, from its seed: hosts send, the network does what it likes, every device is compared. */
import { hold } from '../../simulator/violation.js';
import { garble, malleate, mix } from './adversary.js';
import { ask, deliver, restart } from './deliver.js';
import { forge } from './forge.js';
import {
  authorityToken,
  bindingToken,
  credential,
  keyToken,
  newestCrl,
  nonceOf,
  publishCrl,
} from './hosts.js';
import type { Message } from './message.js';
import type { Host } from './pki.js';
import { createWorld, type Device, passTime, type World, type WorldOptions } from './world.js';

/** Runs one world. Throws a `Violation` where the library does not do what it promises. */
export async function simulate(options: WorldOptions, steps: number): Promise<void> {
  const world = createWorld(options);
  await publishCrl(world);
  for (let n = 0; n < steps; n++) {
    await act(world);
    world.stats.add('steps');
  }
  world.stats.add('worlds');
}

/** One thing happens. */
async function act(world: World): Promise<void> {
  const { rng, devices, messages } = world;
  const device = rng.pick(devices);
  const dice = rng.int(100);
  if (dice < 12) return passTime(world);
  if (dice < 16) return publishCrl(world);
  if (dice < 18) return restart(world, device);
  if (dice < 24) return void ask(world, device);
  if (dice < 48) return exchange(world, device);
  if (dice < 54) return void (await send(world));
  if (messages.length === 0) return;
  const message = pick(world);
  if (dice < 70) return hand(world, device, message);
  if (dice < 78) return garble(world, device, message);
  if (dice < 86) return hand(world, device, mix(world, message, pick(world)));
  if (dice < 89) return hand(world, device, malleate(world, message));
  return plot(world, device);
}

/** An insider waits for a nonce mostly, and adds the CRL that everybody knows. */
async function plot(world: World, device: Device): Promise<void> {
  const { rng } = world;
  if (!rng.oneIn(4)) ask(world, device);
  const message = await forge(world, device, insider(world, device));
  const crl = rng.oneIn(3) ? undefined : newestCrl(world);
  return hand(world, device, message && { ...message, crl });
}

/** A token comes, once or twice in a row. */
async function hand(world: World, device: Device, message: Message | undefined): Promise<void> {
  if (message === undefined) return;
  const { rng } = world;
  const { kind } = await deliver(world, device, message, { withoutKey: rng.oneIn(20) });
  if (rng.oneIn(4)) await deliver(world, device, message);
  if (kind === 'bound' || kind === 'rebound') await comeBack(world, device);
}

/** After a binding: what the same host has sent before it, which the network has kept. */
async function comeBack(world: World, device: Device): Promise<void> {
  const { rng, messages } = world;
  const before = messages.filter(({ facts }) => {
    return facts.krd === device.krd && facts.signer === device.memory.bound;
  });
  for (const message of rng.shuffled(before.slice(-8)).slice(0, 3)) {
    await deliver(world, device, message);
  }
}

/** One of the last messages mostly, now and then any. */
function pick({ rng, messages }: World): Message {
  return rng.pick(rng.oneIn(2) ? messages : messages.slice(-6));
}

/** Who forges: the bound host mostly, for it gets furthest. */
function insider({ rng, pki }: World, { memory }: Device): Host {
  const any = rng.pick([...pki.hosts, pki.stranger]);
  return rng.oneIn(5) ? any : (memory.bound ?? any);
}

/** What is meant for a device, from who may send it, mostly without delay. */
async function exchange(world: World, device: Device): Promise<void> {
  const { rng, pki } = world;
  const { krd, memory } = device;
  const { bound } = memory;
  if (bound === undefined) {
    const host = rng.pick(rng.oneIn(6) ? [pki.stranger] : pki.hosts);
    const crl = rng.oneIn(5) ? undefined : newestCrl(world);
    return hand(world, device, credential(world, host, crl));
  }
  const next = rng.oneIn(8) ? pki.stranger : rng.pick(pki.hosts);
  const dice = rng.int(20);
  if (dice < 6) return hand(world, device, await keyToken(world, { host: bound, krd }));
  if (dice === 6) {
    const to = rng.oneIn(2) ? next : undefined;
    return hand(world, device, await authorityToken(world, { krd, from: bound, next: to }));
  }
  if (dice === 7) return hand(world, device, credential(world, bound, newestCrl(world)));
  const request = ask(world, device);
  hold(request !== undefined, 'a bound device asks', () => krd.name);
  const answer = { host: bound, krd, nonce: nonceOf(request as Uint8Array) };
  if (dice === 8) return hand(world, device, await bindingToken(world, answer));
  if (dice === 9) return hand(world, device, await bindingToken(world, answer, next));
  return hand(world, device, await keyToken(world, answer));
}

/** Anybody sends anything to anybody; the network keeps it for later. */
async function send(world: World): Promise<Message | undefined> {
  const { rng, pki, requests, crls } = world;
  const host = rng.pick(pki.hosts);
  const { krd, memory } = rng.pick(world.devices);
  const next = rng.pick([...pki.hosts, pki.stranger]);
  const dice = rng.int(6);
  if (dice === 0) return credential(world, next, rng.pick([undefined, ...crls]));
  if (dice === 1) return keyToken(world, { host, krd });
  if (dice === 2) {
    const from = memory.bound ?? host;
    return authorityToken(world, { krd, from, next: rng.oneIn(2) ? next : undefined });
  }
  // A host answers whatever it is asked, and who asks is under no signature.
  if (requests.length === 0) return undefined;
  const nonce = nonceOf(rng.pick(rng.oneIn(2) ? requests : requests.slice(-3)).token);
  const answer = { host: rng.oneIn(2) ? host : (memory.bound ?? host), krd, nonce };
  if (dice === 3) return bindingToken(world, answer, rng.oneIn(2) ? next : undefined);
  return keyToken(world, answer);
}
