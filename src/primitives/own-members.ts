/**
 * Reads many members of foreign objects, none but their own, as `own` reads one: to ask for each
 * whether it is takes longer than to use it.
 */

import { own } from './bytes.js';

/** Members by these names, each of which may be missing. */
export type Members<T, Name extends PropertyKey> = {
  readonly [Key in keyof T & Name]?: T[Key] | undefined;
};

/**
 * The object itself, where nothing can be inherited by these names; else a view of what it has.
 *
 * @param nobodyHas - Whether nobody has put one of the names on the prototype of all objects. Asked
 * each by itself, of an object made for it, `'a' in {}`: V8 then knows the answer until somebody
 * does. A loop over the names takes a hundred times as long, and a constant of the module would be
 * fetched and checked for every name.
 */
export function ownMembers<T extends object, Name extends string>(
  value: T,
  nobodyHas: () => boolean,
): Members<T, Name> {
  const prototype: unknown = Object.getPrototypeOf(value);
  const inheritsNone = prototype === null || (prototype === Object.prototype && nobodyHas());
  return inheritsNone ? value : new Proxy(value, OWN);
}

const OWN: ProxyHandler<object> = {
  get: (value, name) => own(value, name as never), // whatever name it is
};
