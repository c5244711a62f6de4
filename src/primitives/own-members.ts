/**
 * Reads many members of foreign objects, none but their own, as `own` reads one: to ask for each
 * whether it is takes longer than to use it.
 */

/** Members by these names, each of which may be missing. */
export type Members<T, Name extends PropertyKey> = {
  readonly [Key in keyof T & Name]?: T[Key] | undefined;
};

/**
 * The object itself, where nothing can be inherited by these names; else what it has of them.
 *
 * @param nobodyHas - Whether nobody has put one of the names on the prototype of all objects. Asked
 * each by itself, of an object made for it, `'a' in {}`: V8 then knows the answer until somebody
 * does. A loop over the names takes a hundred times as long, and a constant of the module would be
 * fetched and checked for every name.
 */
export function ownMembers<T extends object, Name extends string>(
  value: T,
  names: readonly Name[],
  nobodyHas: () => boolean,
): Members<T, Name> {
  const prototype: unknown = Object.getPrototypeOf(value);
  const inheritsNone = prototype === null || (prototype === Object.prototype && nobodyHas());
  return inheritsNone ? value : pickOwn(value, names);
}

function pickOwn<T extends object>(value: T, names: readonly string[]): T {
  const picked: Record<string, unknown> = Object.create(null);
  for (const name of names) {
    if (Object.hasOwn(value, name)) picked[name] = value[name as keyof T];
  }
  return picked as T; // all of its members, by those names
}
