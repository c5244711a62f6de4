/**
 * The members of a row, none but its own: to ask for each whether it is takes longer than all the
 * rest of a check, of which a rotation makes six for every key.
 */

/** What is read of rows in this way. */
const ROW_MEMBERS = [
  'algorithm',
  'attributes',
  'block',
  'configDigest',
  'deleteAfter',
  'digest',
  'enabled',
  'exportability',
  'kbpkKcv',
  'kcv',
  'keyBits',
  'keyId',
  'keyUsage',
  'keyVersionNumber',
  'kind',
  'lifecycle',
  'lineage',
  'method',
  'modeOfUse',
  'owner',
  'profileId',
  'regionId',
  'revision',
  'schema',
  'slots',
  'state',
  'tags',
  'under',
  'usageStart',
  'usageStop',
  'value',
  'version',
  'versions',
  'wrappedHistory',
] as const;

/** Each may be missing, and may be anything. */
export type RowMembers = Readonly<Partial<Record<(typeof ROW_MEMBERS)[number], unknown>>>;

/** Of what is no object: none. */
export function membersOf(value: unknown): RowMembers {
  if (typeof value !== 'object' || value === null) return NONE;
  const prototype: unknown = Object.getPrototypeOf(value);
  const inheritsNone = prototype === null || (prototype === Object.prototype && isPristine());
  return inheritsNone ? value : pickOwn(value);
}

const NONE: RowMembers = /* @__PURE__ */ Object.create(null);

function pickOwn(value: RowMembers): RowMembers {
  const picked: Record<string, unknown> = Object.create(null);
  for (const name of ROW_MEMBERS) if (Object.hasOwn(value, name)) picked[name] = value[name];
  return picked;
}

/**
 * Whether nobody has put one of them on the prototype of all objects. Each is read by its name: a
 * loop over a list takes a hundred times as long. And of an object that is made here, which V8 knows:
 * a constant of the module would be fetched and checked for every name.
 */
function isPristine(): boolean {
  const inherited: RowMembers = {};
  return (
    inherited.algorithm === undefined &&
    inherited.attributes === undefined &&
    inherited.block === undefined &&
    inherited.configDigest === undefined &&
    inherited.deleteAfter === undefined &&
    inherited.digest === undefined &&
    inherited.enabled === undefined &&
    inherited.exportability === undefined &&
    inherited.kbpkKcv === undefined &&
    inherited.kcv === undefined &&
    inherited.keyBits === undefined &&
    inherited.keyId === undefined &&
    inherited.keyUsage === undefined &&
    inherited.keyVersionNumber === undefined &&
    inherited.kind === undefined &&
    inherited.lifecycle === undefined &&
    inherited.lineage === undefined &&
    inherited.method === undefined &&
    inherited.modeOfUse === undefined &&
    inherited.owner === undefined &&
    inherited.profileId === undefined &&
    inherited.regionId === undefined &&
    inherited.revision === undefined &&
    inherited.schema === undefined &&
    inherited.slots === undefined &&
    inherited.state === undefined &&
    inherited.tags === undefined &&
    inherited.under === undefined &&
    inherited.usageStart === undefined &&
    inherited.usageStop === undefined &&
    inherited.value === undefined &&
    inherited.version === undefined &&
    inherited.versions === undefined &&
    inherited.wrappedHistory === undefined
  );
}
