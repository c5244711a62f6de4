import { KeyblockError, type SecretKey, toHex } from 'keyblock';
import {
  createKrdToken,
  createRegionKey,
  type Env,
  type HsmSyncRecord,
  type IssueMainKeyTokenOptions,
  issueMainKeyToken,
  type LoadedMainKey,
  type MainKeyToken,
  mainKeys,
  type RegionKeyRecord,
  verifyKrdToken,
} from 'keyblock/hierarchy';
import {
  createCredentialToken,
  createKeyToken,
  type KrdState,
  parseToken,
  receive,
} from 'keyblock/tr34';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  crlOf,
  enrol,
  GENERATED,
  keyOf,
  type Party,
  RECEIVER,
  toBase64,
  trustOf,
} from '../../tr34/scenario.js';
import {
  admit,
  consent,
  type Device,
  deviceOf,
  env,
  issueOptions,
  issueTo,
  later,
  load,
  newDevice,
  newRegion,
  REGION_ID,
  WORLD,
} from './fleet.js';

/** The bytes of a key that came out of a token. */
function loadedKey({ event }: LoadedMainKey): SecretKey {
  if (event.kind !== 'loaded') throw new Error(`refused: ${event.error.code}`);
  return event.secret;
}

function codeOf({ event }: LoadedMainKey): string | undefined {
  return event.kind === 'refused' ? event.error.code : undefined;
}

/** A device, what its region knows of it, and the token for it. */
async function provision(device: Device, region: RegionKeyRecord, secret: SecretKey) {
  const admitted = await admit(device, region);
  const issued = await issueTo(admitted, secret);
  return { device: admitted.device, ...issued };
}

describe('a fleet', () => {
  it('is brought into service, device by device, and through a rotation', async () => {
    const made = newRegion();
    let { region } = made;
    const { secret } = made;
    const kdh = mainKeys.createHsmRecord({ regionId: REGION_ID, hsmId: 'hsm-1' });
    const apply = (record: HsmSyncRecord, event: mainKeys.HsmEvent) => {
      const applied = mainKeys.applyHsmEvent({ env, record, region, event });
      region = applied.region;
      return applied.record;
    };

    // The KDH has the key: it made it.
    const { identity } = deviceOf('hsm-1', WORLD.kdh);
    const validated = apply(kdh, { type: 'validate', inventory: [identity], observed: identity });
    const kcv = { method: 'cmac', value: secret.kcv() } as const;
    const generated = apply(validated, { type: 'generate', version: 1, kcv });
    const hsms = [apply(generated, { type: 'serve' })];

    // The five others ask for it.
    const devices: Device[] = [];
    const loaded: SecretKey[] = [];
    for (const hsmId of ['hsm-2', 'hsm-3', 'hsm-4', 'hsm-5', 'hsm-6']) {
      const {
        device,
        token,
        record,
        region: next,
      } = await provision(await newDevice(hsmId), region, secret);
      region = next;
      const result = await load(device, token);
      loaded.push(loadedKey(result));
      if (result.event.kind !== 'loaded') throw new Error('refused');
      const { receipt } = result.event;
      hsms.push(apply(apply(record, { type: 'receive', receipt }), { type: 'serve' }));
      devices.push({ ...device, state: result.state });
    }
    expect(hsms.map(({ state }) => state)).toEqual(Array(6).fill('in-service'));
    expect(loaded.map((key) => toHex(key.expose()))).toEqual(Array(5).fill(toHex(secret.expose())));
    expect(region.tokens.map(({ hsmId }) => hsmId)).toEqual(devices.map(({ hsmId }) => hsmId));
    expect(mainKeys.allReceipts({ record: region, version: 1, hsms })).toBe(true);

    // Version 2 goes to everybody while all stay in service.
    const second = createRegionKey({ env, regionId: REGION_ID, kdh: { hsmId: 'hsm-1' } });
    const [next] = second.record.versions;
    if (next === undefined) throw new Error('no version');
    region = {
      ...region,
      versions: [...region.versions, { ...next, version: 2, state: 'pending' }],
      kdh: [...region.kdh, { hsmId: 'hsm-1', version: 2 }],
    };
    const nextKcv = { method: 'cmac', value: second.secret.kcv() } as const;
    const holders = hsms.map((hsm) =>
      hsm.hsmId === 'hsm-1' ? apply(hsm, { type: 'generate', version: 2, kcv: nextKcv }) : hsm,
    );
    for (const [i, device] of devices.entries()) {
      expect(mainKeys.allReceipts({ record: region, version: 2, hsms: holders })).toBe(false);
      const { state, token: krdToken } = createKrdToken({
        env,
        hsmId: device.hsmId,
        state: device.state,
      });
      const hsm = apply(holders[i + 1] as HsmSyncRecord, { type: 'register', token: krdToken });
      const issued = await issueTo({ hsm, region }, second.secret, { version: 2 });
      region = issued.region;
      const result = await load({ ...device, state }, issued.token);
      expect(loadedKey(result).kcv()).toBe(second.secret.kcv());
      if (result.event.kind !== 'loaded') throw new Error('refused');
      const { receipt } = result.event;
      holders[i + 1] = apply(issued.record, { type: 'receive', receipt });
    }
    expect(mainKeys.allReceipts({ record: region, version: 2, hsms: holders })).toBe(true);
    expect(holders.every(({ state }) => state === 'in-service')).toBe(true);
    expect(region.tokens).toHaveLength(10);
  }, 60_000);
});

describe('a main key token', () => {
  let secret: SecretKey;
  let region: RegionKeyRecord;
  let device: Device;
  let token: MainKeyToken;
  let hsm: HsmSyncRecord;

  beforeAll(async () => {
    ({ region, secret } = newRegion());
    ({
      device,
      token,
      record: hsm,
      region,
    } = await provision(await newDevice('hsm-2'), region, secret));
  }, 60_000);

  it('is a TR-34 token of the profile ec that names region and version where it is signed', () => {
    const parsed = parseToken(Uint8Array.from(atob(token.token), (c) => c.charCodeAt(0)));
    expect(parsed.profile).toBe('ec');
    expect(parsed.header).toMatch(/^D0000K1AB00N0[12]00/);
    expect(parsed.header).toContain(`77${(4 + 20).toString(16).toUpperCase()}kb1;r;${REGION_ID};1`);
    expect(parsed.nonce && toHex(parsed.nonce)).toBe(token.nonce);
  });

  it('loads on its device, once', async () => {
    const first = await load(device, token);
    expect(toHex(loadedKey(first).expose())).toBe(toHex(secret.expose()));
    expect(first.event).toMatchObject({
      receipt: {
        hsmId: 'hsm-2',
        regionId: REGION_ID,
        version: 1,
        kcv: { method: 'cmac', value: secret.kcv() },
        nonce: token.nonce,
        at: WORLD.at.toISOString(),
      },
    });
    expect(first.state.nonce).toBeUndefined();
    expect(codeOf(await load({ ...device, state: first.state }, token))).toBe('FRESHNESS');
  });

  // I-HSM-1
  it('loads on no other device, whatever its row in the store is made to say', async () => {
    const others = await Promise.all(['hsm-3', 'hsm-4', 'hsm-5', 'hsm-6'].map(newDevice));
    for (const other of others) {
      const { state } = createKrdToken({ env, hsmId: other.hsmId, state: other.state });
      // As it is; renamed; and with the nonce that the token answers.
      expect(codeOf(await load({ ...other, state }, token))).toBe('RECIPIENT_MISMATCH');
      const renamed = { ...token, hsmId: other.hsmId };
      expect(codeOf(await load({ ...other, state }, renamed))).toBe('FRESHNESS');
      const waiting = { ...state, nonce: token.nonce };
      const forged = await load({ ...other, state: waiting }, renamed);
      expect(codeOf(forged)).toBe('RECIPIENT_MISMATCH');
    }
  }, 60_000);

  // I-HSM-2
  it('never loads when a KDH signed it that the device is not bound to', async () => {
    const kdh = await enrol(WORLD, 'kdh', 'P-521');
    const forged = await createKeyToken({
      kdh: await keyOf(kdh),
      krdCertificate: device.party.certificate,
      trust: trustOf(WORLD),
      key: secret,
      header: parseToken(Uint8Array.from(atob(token.token), (c) => c.charCodeAt(0))).header ?? '',
      freshness: { nonce: nonceOf(token) },
      at: WORLD.at,
    });
    const result = await load(device, { ...token, token: toBase64(forged) });
    expect(codeOf(result)).toBe('SIGNATURE_INVALID');
    expect(result.state).toEqual(device.state);
  });

  const elsewhere = 'kb1;r;eu-west-1;1';
  it.each([
    ['of another region', `D0000K1AB00N010077${(4 + elsewhere.length).toString(16)}${elsewhere}`],
    ['without a region', 'D0000K1AB00N0000'],
    ['for another use', 'D0000K0AB00N0000'],
  ])('never loads when the KDH sealed a key %s', async (_, header) => {
    const other = await createKeyToken({
      kdh: await keyOf(WORLD.kdh),
      krdCertificate: device.party.certificate,
      trust: trustOf(WORLD),
      key: secret,
      header,
      freshness: { nonce: nonceOf(token) },
      at: WORLD.at,
    });
    const result = await load(device, { ...token, token: toBase64(other) });
    expect(codeOf(result)).toBe('CONTEXT_MISMATCH');
    expect(result.state.nonce).toBeUndefined(); // spent
  });

  it('never loads for another region or version, or with another check value', async () => {
    expect(codeOf(await load(device, token, { regionId: 'eu-west-1' }))).toBe('CONTEXT_MISMATCH');
    expect(codeOf(await load(device, { ...token, version: 2 }))).toBe('CONTEXT_MISMATCH');
    const kcv = { method: 'cmac', value: '0011223344' } as const;
    expect(codeOf(await load(device, { ...token, kcv }))).toBe('KCV_MISMATCH');
  });

  it('never loads past its time, nor when it was invalidated', async () => {
    const over = WORLD.at.toISOString();
    for (const others of [{ expiresAt: over }, { invalidatedAt: over }]) {
      const result = await load(device, { ...token, ...others });
      expect([codeOf(result), result.state]).toEqual(['FRESHNESS', device.state]);
    }
  });

  it('never loads in one pass', async () => {
    const { nonce: _, ...state } = device.state;
    const signed = await createKeyToken({
      kdh: await keyOf(WORLD.kdh),
      krdCertificate: device.party.certificate,
      trust: trustOf(WORLD),
      key: secret,
      header: 'D0000K1AB00N0000',
      freshness: { signingTime: WORLD.at },
      at: WORLD.at,
    });
    const result = await load({ ...device, state }, { ...token, token: toBase64(signed) });
    expect(codeOf(result)).toBe('FRESHNESS');
  });

  it('never loads altered', async () => {
    for (const i of [3, 40, -3]) {
      const bytes = Uint8Array.from(atob(token.token), (c) => c.charCodeAt(0));
      const at = i < 0 ? bytes.length + i : i;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const { event } = await load(device, { ...token, token: toBase64(bytes) });
      expect(event.kind).toBe('refused');
    }
  });

  it('is restored under dual control, and by that alone', async () => {
    const spent = (await load(device, token)).state;
    const back = { ...device, state: spent };
    const operation = mainKeys.restoreOperation({ regionId: REGION_ID, token, revision: 7 });
    const approvals = consent(operation);
    const restored = await load(back, token, { restore: { approvals, revision: 7 } });
    expect(loadedKey(restored).kcv()).toBe(secret.kcv());
    const elsewhere = { regionId: 'eu-west-1', token, revision: 7 };
    const other = consent(mainKeys.restoreOperation(elsewhere));
    for (const given of [[], approvals.slice(1), other]) {
      await expect(
        load(back, token, { restore: { approvals: given, revision: 7 } }),
      ).rejects.toThrow(expect.objectContaining({ code: 'APPROVAL_REQUIRED', field: 'approvals' }));
    }
    await expect(load(back, token, { restore: { approvals, revision: 8 } })).rejects.toThrow(
      expect.objectContaining({ code: 'APPROVAL_REQUIRED', field: 'approvals' }),
    );
    const requester = { approvals, revision: 7, policy: { requester: 'ada' } };
    await expect(load(back, token, { restore: requester })).rejects.toThrow(
      expect.objectContaining({ code: 'APPROVAL_REQUIRED' }),
    );
  });

  it('leaves no nonce behind by which it would load again without consent', async () => {
    const { nonce: _, ...rest } = device.state;
    const spent: KrdState = rest;
    const late = later(86_400 * 365 * 40); // by a clock that is wrong, no certificate is valid
    const restoreOf = (row: MainKeyToken, at?: Date) => {
      const operation = mainKeys.restoreOperation({ regionId: REGION_ID, token: row, revision: 7 });
      return { restore: { approvals: consent(operation, at), revision: 7 } };
    };
    const asking = createKrdToken({ env, hsmId: 'hsm-2', state: spent }).state;
    for (const state of [spent, asking]) {
      const back = { ...device, state };
      const wrongs: readonly (readonly [string, MainKeyToken, Env])[] = [
        ['CERTIFICATE_UNTRUSTED', token, late],
        ['CONTEXT_MISMATCH', { ...token, version: 2 }, env],
        ['FRESHNESS', { ...token, nonce: '0102030405060708' }, env],
        ['FRESHNESS', { ...token, nonce: 'none' }, env],
      ];
      for (const [code, row, now] of wrongs) {
        const refused = await load(back, row, { env: now, ...restoreOf(row, now.at) });
        expect([codeOf(refused), refused.state]).toEqual([code, state]);
      }
      const restored = await load(back, token, restoreOf(token));
      expect(restored.event.kind).toBe('loaded');
      expect(restored.state.nonce).toBe(state.nonce);
      expect(codeOf(await load({ ...device, state: restored.state }, token))).toBe('FRESHNESS');
    }
  });

  it.each([
    ['without a list, when the last one is over', false, 31, 'CRL_REJECTED', 'loaded'],
    ['with a list that is over', true, 31, 'CRL_REJECTED', 'CRL_REJECTED'],
    ['with a list that is not over', true, 2, 'loaded', 'CRL_REJECTED'],
  ])('is restored %s: before and after the device takes a newer one', async (...row) => {
    const [_, carries, days, before, after] = row;
    const present = later(days * 86_400);
    const { certificate } = WORLD.kdh;
    const withList = async (given: Device, crl: Uint8Array, at: Date): Promise<Device> => {
      const credential = createCredentialToken({ certificate, crl });
      const { state, event } = await receive({ state: given.state, token: credential, at });
      expect(event.kind).toBe('bound');
      return { ...given, state };
    };
    const list = await crlOf(WORLD);
    const admitted = await admit(await withList(await newDevice('hsm-4'), list, env.at), region);
    const { token: archived } = await issueTo(admitted, secret, {
      crl: carries ? list : undefined,
    });
    const { state } = await load(admitted.device, archived);
    const operation = mainKeys.restoreOperation({
      regionId: REGION_ID,
      token: archived,
      revision: 7,
    });
    const restore = { approvals: consent(operation, present.at), revision: 7 };
    const restored = async (given: Device) => {
      const taken = await load(given, archived, { env: present, restore });
      return codeOf(taken) ?? taken.event.kind;
    };
    const back = { ...admitted.device, state };
    expect(await restored(back)).toBe(before);
    const newest = await crlOf({ ...WORLD, at: present.at });
    expect(await restored(await withList(back, newest, present.at))).toBe(after);
  });

  it('spends the nonce that its device waits for, in a restore too', async () => {
    const operation = mainKeys.restoreOperation({ regionId: REGION_ID, token, revision: 7 });
    const restore = { approvals: consent(operation), revision: 7 };
    const restored = await load(device, token, { restore });
    expect([restored.event.kind, restored.state.nonce]).toEqual(['loaded', undefined]);
  });

  it('is restored by the nonce that it was signed with, whatever its row says', async () => {
    const { nonce: _, ...state } = device.state;
    const { hsm: asked, device: asking } = await admit({ ...device, state }, region);
    const { token: second } = await issueTo({ hsm: asked, region }, secret);
    const { state: spent } = await load(asking, second);
    const operation = mainKeys.restoreOperation({ regionId: REGION_ID, token, revision: 7 });
    const restore = { approvals: consent(operation), revision: 7 };
    const row = { ...token, nonce: second.nonce };
    const refused = await load({ ...device, state: spent }, row, { restore });
    expect([codeOf(refused), refused.state]).toEqual(['FRESHNESS', spent]);
    // Nobody has consented to the second one.
    expect(codeOf(await load({ ...device, state: refused.state }, second))).toBe('FRESHNESS');
  });

  it.each([
    ['token', { token: { hsmId: 'hsm-2', token: 'not base64' } }],
    ['token', { token: undefined }],
    ['state', { state: undefined }],
    ['regionId', { regionId: '' }],
    ['hsmId', { hsmId: undefined }],
    ['approvals', { restore: 7 }],
    ['unwrapper', { unwrapper: {} }],
  ])('is not looked at without arguments that fit: %s', async (field, others) => {
    await expect(load(device, token, others as never)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });

  it.each([undefined, null, 'x', {}])('is not looked at with check value %j', async (kcv) => {
    const row = { ...token, kcv } as never;
    await expect(load(device, row)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'token' }),
    );
  });

  describe('is not issued', () => {
    let options: IssueMainKeyTokenOptions;
    let allowed: HsmSyncRecord;
    let party: Party;

    beforeAll(async () => {
      const admitted = await admit(await newDevice('hsm-3'), region);
      allowed = admitted.hsm;
      party = admitted.device.party;
      options = await issueOptions(admitted, secret);
    });

    const refusal = async (others: Partial<IssueMainKeyTokenOptions>) => {
      try {
        await issueMainKeyToken({ ...options, ...others });
        return undefined;
      } catch (error) {
        if (error instanceof KeyblockError) return [error.code, error.field];
        throw error;
      }
    };

    it('to a device that is not on the allow list', async () => {
      expect(await refusal({ hsm: { ...allowed, state: 'token-registered' } })).toEqual([
        'STATE_CONFLICT',
        'record',
      ]);
      const { allowed: _, ...unlisted } = allowed;
      expect(await refusal({ hsm: unlisted })).toEqual(['CERTIFICATE_UNTRUSTED', 'krdCertificate']);
    });

    it('twice for one request', async () => {
      expect(await refusal({ hsm })).toEqual(['STATE_CONFLICT', 'record']);
    });

    it('with another key than the version has', async () => {
      expect(await refusal({ secret: newRegion().secret })).toEqual(['KCV_MISMATCH', 'key']);
    });

    it('by another device than the KDH of the version', async () => {
      const kdh = { ...options.kdh, hsmId: 'hsm-3' };
      expect(await refusal({ kdh })).toEqual(['RECIPIENT_MISMATCH', 'kdh']);
    });

    it('after the request has expired', async () => {
      const approvals = consent(
        mainKeys.hsmOperation({ record: allowed, event: 'issue', version: 1 }),
        later(86_400).at,
      );
      expect(await refusal({ env: later(86_400), approvals })).toEqual(['FRESHNESS', 'token']);
    });

    it.each<[string, Partial<IssueMainKeyTokenOptions>]>([
      ['too few', { approvals: [] }],
      ['the requester', { policy: { requester: 'grace' } }],
      ['people in another role', { policy: { roles: ['auditor'] } }],
    ])('with the consent of %s', async (_, others) => {
      expect(await refusal(others)).toEqual(['APPROVAL_REQUIRED', 'approvals']);
    });

    it('with consent to another operation', async () => {
      const operation = mainKeys.hsmOperation({ record: allowed, event: 'allow' });
      expect(await refusal({ approvals: consent(operation) })).toEqual([
        'APPROVAL_REQUIRED',
        'approvals',
      ]);
    });

    it('before anything else was looked at, with a key that signs nothing', async () => {
      const signer = { ...options.kdh.signer, sign: () => Promise.reject(new Error('used')) };
      expect(await refusal({ approvals: [], kdh: { hsmId: 'hsm-1', signer } })).toEqual([
        'APPROVAL_REQUIRED',
        'approvals',
      ]);
    });

    it.each(['secret', 'kdh', 'record', 'hsm'] as const)('without %s', async (name) => {
      const given = { ...options, [name]: undefined } as unknown as IssueMainKeyTokenOptions;
      await expect(issueMainKeyToken(given)).rejects.toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    });

    it('to a device that its CA has revoked, nor by a list that is over', async () => {
      const ofDevices = { ...WORLD, caKdh: WORLD.caKrd };
      const revoking = await crlOf(ofDevices, { revoked: [party] });
      expect(await refusal({ krdCrl: revoking })).toEqual([
        'CERTIFICATE_REVOKED',
        'krdCertificate',
      ]);
      const over = await crlOf({ ...ofDevices, at: later(-40 * 86_400).at });
      expect(await refusal({ krdCrl: over })).toEqual(['CRL_REJECTED', 'crl']);
      expect(await refusal({ krdCrl: over, tolerate: ['stale-crl'] })).toBeUndefined();
    });

    it('to a device whose key is weaker than AES-256', async () => {
      const world = GENERATED['EC-P384'];
      const at = { at: world.at };
      const weak = { ...deviceOf('hsm-7', world.krd), state: device.state };
      const asked = createKrdToken({ env: at, hsmId: 'hsm-7', state: weak.state });
      const krdToken = { ...asked.token, certificate: toBase64(world.krd.certificate) };
      await expect(
        verifyKrdToken({ env: at, token: krdToken, trust: trustOf(world) }),
      ).rejects.toThrow(expect.objectContaining({ code: 'KEY_STRENGTH', field: 'krdCertificate' }));
      // Also where nobody asked that before.
      const hsm: HsmSyncRecord = {
        ...allowed,
        hsmId: 'hsm-7',
        krdToken,
        identity: weak.identity,
        allowed: {
          serial: weak.identity.serial,
          certificateDigest: weak.identity.certificateDigest,
          approvals: [],
          at: world.at.toISOString(),
        },
      };
      const approvals = consent(
        mainKeys.hsmOperation({ record: hsm, event: 'issue', version: 1 }),
        world.at,
      );
      const kdh = { hsmId: 'hsm-1', signer: await keyOf(world.kdh) };
      const trust = trustOf(world);
      expect(await refusal({ env: at, hsm, kdh, trust, approvals })).toEqual([
        'KEY_STRENGTH',
        'key',
      ]);
    });
  });

  it('shows its key to nobody: not in a record, a log, a refusal or a printed value', async () => {
    const bytes = secret.expose();
    const { hsm: record } = await admit(await newDevice('hsm-4'), region);
    const issued = await issueTo({ hsm: record, region }, secret);
    const loaded = await load(device, token);
    const refused = await load(device, { ...token, version: 2 });
    const error = refused.event.kind === 'refused' ? refused.event.error : undefined;
    const text = [
      JSON.stringify([issued, loaded, refused]),
      String(loaded.event.kind === 'loaded' && loaded.event.secret),
      String(error?.message),
      String(error?.stack),
    ].join('\n');
    expect(text).toContain('SecretKey AES-256');
    for (let i = 0; i + 4 <= bytes.length; i++) {
      const window = bytes.subarray(i, i + 4);
      expect(text.toUpperCase()).not.toContain(toHex(window));
      expect(text).not.toContain(Array.from(window).join(','));
    }
    expect(text).not.toContain(toBase64(bytes).slice(0, 8));
  });
});

describe('verifyKrdToken', () => {
  it('refuses a certificate of another CA, a stale one, and one for RSA', async () => {
    const { token } = createKrdToken({
      env,
      hsmId: 'hsm-2',
      state: (await newDevice('hsm-2')).state,
    });
    const trust = trustOf(WORLD);
    await expect(verifyKrdToken({ env, token, trust })).resolves.toBeUndefined();
    await expect(
      verifyKrdToken({ env, token, trust: trustOf(GENERATED['EC-P384']) }),
    ).rejects.toThrow(expect.objectContaining({ code: 'CERTIFICATE_UNTRUSTED' }));
    await expect(verifyKrdToken({ env: later(90 * 86_400), token, trust })).rejects.toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_UNTRUSTED' }),
    );
    const rsa = { ...token, certificate: toBase64(RECEIVER.krd.certificate) };
    await expect(
      verifyKrdToken({ env: { at: RECEIVER.at }, token: rsa, trust: trustOf(RECEIVER) }),
    ).rejects.toThrow(expect.objectContaining({ code: 'KEY_STRENGTH' }));
    await expect(
      verifyKrdToken({ env, token: { ...token, certificate: '%' }, trust }),
    ).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'krdCertificate' }),
    );
  });
});

describe('createKrdToken', () => {
  it('asks with a new nonce each time, for a day', async () => {
    const { state } = await newDevice('hsm-2');
    const first = createKrdToken({ env, hsmId: 'hsm-2', state });
    const second = createKrdToken({ env, hsmId: 'hsm-2', state: first.state, validSeconds: 60 });
    expect(first.token.nonce).toMatch(/^[0-9A-F]{32}$/);
    expect(second.token.nonce).not.toBe(first.token.nonce);
    expect(first.token).toEqual({
      hsmId: 'hsm-2',
      certificate: state.certificate,
      nonce: first.state.nonce,
      issuedAt: WORLD.at.toISOString(),
      expiresAt: later(86_400).at.toISOString(),
    });
    expect(second.token.expiresAt).toBe(later(60).at.toISOString());
  });

  it.each([0, -1, 30 * 86_400 + 1, Number.NaN])('rejects %s seconds', async (validSeconds) => {
    const { state } = await newDevice('hsm-2');
    expect(() => createKrdToken({ env, hsmId: 'hsm-2', state, validSeconds })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'options' }),
    );
  });
});

function nonceOf({ nonce }: MainKeyToken): Uint8Array {
  return Uint8Array.from(nonce.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
