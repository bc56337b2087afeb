import type { Action, FollowTarget, Rule, Selector } from "../rule.ts";
import type { NodeSelector, StoredSelector, WeightSelector } from "./selectors.ts";

/** All that a rule may say besides its name, selector and action. `else` is `error` and `origin` TypeScript unless they are given. */
export type RuleOptions = Partial<Omit<Rule, "name" | "when" | "do">>;

/** At least one device, by id. */
type Several<Device> = readonly [Device, ...(readonly Device[])];

/**
 * A list of rules for known devices, in order. Each method answers a new list with one rule more. A device that isn't among those given,
 * or a selector that can never hold for that kind of rule, doesn't compile.
 */
export class RuleList<Device extends string> {
  /** What `plan` takes. */
  readonly list: readonly Rule[];

  constructor(list: readonly Rule[]) {
    this.list = list;
  }

  #with(name: string, when: Selector, action: Action, options: RuleOptions): RuleList<Device> {
    const rule: Rule = { else: "error", origin: { kind: "api" }, ...options, name, when, do: action };
    return new RuleList([...this.list, rule]);
  }

  /** Weights and caches live on a device, in a layout if one is asked for. */
  store(
    name: string,
    when: StoredSelector,
    device: Device,
    options: RuleOptions & { readonly layout?: string } = {},
  ) {
    const { layout, ...rest } = options;
    return this.#with(name, when, { store: device, ...(layout === undefined ? {} : { layout }) }, rest);
  }

  /** Weights are used where they lie in the file. */
  map(name: string, when: WeightSelector, options: RuleOptions = {}) {
    return this.#with(name, when, { map: "file" }, options);
  }

  /** Weights may be held a second time on these devices. */
  replicate(name: string, when: WeightSelector, devices: Several<Device>, options: RuleOptions = {}) {
    return this.#with(name, when, { replicate: devices }, options);
  }

  /** Nodes run on a device. */
  place(name: string, when: NodeSelector, device: Device, options: RuleOptions = {}) {
    return this.#with(name, when, { place: device }, options);
  }

  /** Nodes run on the first of these devices that can. */
  prefer(name: string, when: NodeSelector, devices: Several<Device>, options: RuleOptions = {}) {
    return this.#with(name, when, { prefer: devices }, options);
  }

  /** Nodes run where something else is. */
  follow(name: string, when: NodeSelector, target: FollowTarget, options: RuleOptions = {}) {
    return this.#with(name, when, { follow: target }, options);
  }

  /** Composites are done in the first of these ways that works; `*`: any. */
  lower(
    name: string,
    when: NodeSelector,
    ways: string | readonly [string, ...string[]],
    options: RuleOptions = {},
  ) {
    return this.#with(name, when, { lower: ways }, options);
  }

  /** Activations may be copied to nodes. */
  transfer(name: string, when: NodeSelector, options: RuleOptions = {}) {
    return this.#with(name, when, { transfer: "activations" }, options);
  }

  /** Nodes run on the first of these devices that can, and get their weights by a copy in each step. */
  stream(
    name: string,
    when: NodeSelector,
    devices: Several<Device>,
    options: RuleOptions & { readonly above?: "break-even" } = {},
  ) {
    const { above, ...rest } = options;
    return this.#with(name, when, { stream: devices, ...(above === undefined ? {} : { above }) }, rest);
  }

  /** Weights are cut along an axis over devices, in equal parts or in shares. */
  shard(
    name: string,
    when: WeightSelector,
    axis: string,
    devices: Several<Device>,
    options: RuleOptions & { readonly shares?: readonly number[] } = {},
  ) {
    const { shares, ...rest } = options;
    return this.#with(
      name,
      when,
      { shard: { axis, devices, ...(shares === undefined ? {} : { shares }) } },
      rest,
    );
  }

  /** Placement is left to the solver. */
  optimise(name: string, when: Selector, goal: string, options: RuleOptions = {}) {
    return this.#with(name, when, { optimise: goal }, options);
  }
}

/** Starts a list of rules for devices with these ids: `rules(["cpu", "cuda:0"]).store("experts", { weight: "*_exps.*" }, "cpu").list`. */
export const rules = <const Devices extends readonly string[]>(
  _devices: Devices,
): RuleList<Devices[number]> => new RuleList([]);
