/**
 * The members of a row, none but its own: to ask for each whether it is takes longer than all the
 * rest of a check, of which a rotation makes five for every key.
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

/** An object that has what it inherits, and nothing else. */
const INHERITED: RowMembers = {};

/**
 * Whether nobody has put one of them on the prototype of all objects. Each is read by its name: a
 * loop over a list takes a hundred times as long.
 */
function isPristine(): boolean {
  return (
    INHERITED.algorithm === undefined &&
    INHERITED.attributes === undefined &&
    INHERITED.block === undefined &&
    INHERITED.configDigest === undefined &&
    INHERITED.deleteAfter === undefined &&
    INHERITED.digest === undefined &&
    INHERITED.enabled === undefined &&
    INHERITED.exportability === undefined &&
    INHERITED.kbpkKcv === undefined &&
    INHERITED.kcv === undefined &&
    INHERITED.keyBits === undefined &&
    INHERITED.keyId === undefined &&
    INHERITED.keyUsage === undefined &&
    INHERITED.keyVersionNumber === undefined &&
    INHERITED.kind === undefined &&
    INHERITED.lifecycle === undefined &&
    INHERITED.lineage === undefined &&
    INHERITED.method === undefined &&
    INHERITED.modeOfUse === undefined &&
    INHERITED.owner === undefined &&
    INHERITED.profileId === undefined &&
    INHERITED.regionId === undefined &&
    INHERITED.revision === undefined &&
    INHERITED.schema === undefined &&
    INHERITED.slots === undefined &&
    INHERITED.state === undefined &&
    INHERITED.tags === undefined &&
    INHERITED.under === undefined &&
    INHERITED.usageStart === undefined &&
    INHERITED.usageStop === undefined &&
    INHERITED.value === undefined &&
    INHERITED.version === undefined &&
    INHERITED.versions === undefined &&
    INHERITED.wrappedHistory === undefined
  );
}
