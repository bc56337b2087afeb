import { canonicalJson, TensorplanError } from "@tensorplan/ir";
import { type Box, overlap } from "../variants/box.ts";
import { actionKind, printOrigin, type Rule } from "./rule.ts";
import type { CompiledRule, RuleBook, RuleFamily, Tried } from "./ruleBook.ts";
import { type Facts, sizeRanges } from "./selector.ts";
import { printRange } from "./sizeSelectors.ts";

/** Something that the rules of a family were asked about: in which steps, which rule answered, and which were asked before. */
export interface Question {
  readonly facts: Facts;
  readonly box: Box | undefined;
  readonly answeredBy: string | undefined;
  readonly tried: readonly Tried[];
}

export interface Audit {
  readonly book: RuleBook;
  /** Names of the rules that decided something. */
  readonly decided: ReadonlySet<string>;
  /** All that a rule of a family could have been asked. */
  readonly questions: (family: RuleFamily, rule: Rule) => readonly Question[];
  readonly boxes: readonly Box[];
}

/** Why a rule decided nothing. `dead`: it never could, as long as the rules before it stand. */
export interface Idle {
  readonly rule: Rule;
  readonly dead: "matches-nothing" | "shadowed" | undefined;
  readonly why: string;
  readonly shadowedBy: readonly string[];
}

/** Which sizes a rule asks for that no step has. */
function sizesOutOfReach(rule: Rule, boxes: readonly Box[]): string | undefined {
  const unreachable = sizeRanges(rule.when).find(([dim, { atLeast = 0, below = null }]) =>
    boxes.every((box) => !overlap(box[dim], { from: atLeast, below })),
  );
  return unreachable && `no step of this plan has ${unreachable[0]} ${printRange(unreachable[1])}`;
}

function judge({ rule, matches }: CompiledRule, family: RuleFamily, { book, boxes, questions }: Audit): Idle {
  const position = new Map(book.rules.map(({ name }, i) => [name, i]));
  const own = position.get(rule.name) as number;
  const shadowedBy = new Set<string>();
  const reasons = { refused: new Set<string>(), "no-match": new Set<string>() };
  let asked = false;
  for (const { facts, box, answeredBy, tried } of questions(family, rule)) {
    if (matches(facts, box) !== undefined) continue;
    if (answeredBy !== undefined && (position.get(answeredBy) as number) < own) {
      shadowedBy.add(answeredBy);
      continue;
    }
    const answer = tried.find((each) => each.rule === rule.name);
    if (answer !== undefined) reasons[answer.outcome].add(answer.why);
    asked ||= answer?.outcome !== "no-match";
  }
  const [refusal] = reasons.refused;
  const [mismatch] = reasons["no-match"];
  if (asked) {
    return { rule, dead: undefined, shadowedBy: [], why: refusal ?? "nothing that it allows was needed" };
  }
  if (shadowedBy.size > 0) {
    return { rule, dead: "shadowed", shadowedBy: [...shadowedBy], why: "rules before it decide all of that" };
  }
  const why = sizesOutOfReach(rule, boxes) ?? mismatch ?? "nothing in this model is like that";
  return { rule, dead: "matches-nothing", shadowedBy: [], why };
}

/** Rules of one flag are judged together: what one of them decides, the flag decides. */
const groupOf = ({ origin, name }: Rule): string =>
  origin.kind === "flag" ? `flag ${origin.text}` : `rule ${name}`;

/**
 * Finds rules of the user's that decided nothing. Those that could decide something, had a device not refused or a node needed it, are
 * returned; rules that may match nothing (`optional`) are left out, and so are those of a flag of which another rule decides.
 *
 * @throws TensorplanError `rules/matches-nothing`, `rules/shadowed`, `rules/contradiction`
 */
export function auditRules(audit: Audit): readonly { readonly rule: Rule; readonly why: string }[] {
  const { book, decided } = audit;
  const live = new Set(book.rules.filter(({ name }) => decided.has(name)).map(groupOf));
  const idle = Object.entries(book.family).flatMap(([family, compiled]) =>
    compiled
      .filter(
        ({ rule }) => rule.origin.kind !== "default" && rule.optional !== true && !live.has(groupOf(rule)),
      )
      .map((each) => judge(each, family as RuleFamily, audit)),
  );
  const waiting = new Set(idle.filter(({ dead }) => dead === undefined).map(({ rule }) => groupOf(rule)));
  const [dead] = idle.filter(({ rule }) => !waiting.has(groupOf(rule)));
  if (dead !== undefined) throw deadRule(dead, book.rules);
  return idle.filter(({ dead: never }) => never === undefined);
}

/** `rule 'a' (rules.json)`; a flag's only rule bears the flag's own name. */
const call = ({ name, origin }: Rule): string =>
  name === printOrigin(origin) ? `'${name}'` : `'${name}' (${printOrigin(origin)})`;

/** The error for a rule of the user's that can't decide anything. */
export function deadRule({ rule, dead, why, shadowedBy }: Idle, rules: readonly Rule[]): TensorplanError {
  const who = `rule ${call(rule)}`;
  const details = { rule: rule.name, ...(shadowedBy.length === 0 ? {} : { "decided by": shadowedBy }) };
  if (dead === "matches-nothing") {
    return new TensorplanError({
      code: "rules/matches-nothing",
      message: `${who} matches nothing: ${why}`,
      hint: "look at the names with `tensorplan inspect`, leave the rule out, or mark it optional",
      details,
    });
  }
  const before = rules.filter(({ name }) => shadowedBy.includes(name));
  const names = before.map(call).join(", ");
  const rival = before.find(
    (each) =>
      actionKind(each.do) === actionKind(rule.do) &&
      canonicalJson({ ...each.when }) === canonicalJson({ ...rule.when }),
  );
  if (rival !== undefined) {
    return new TensorplanError({
      code: "rules/contradiction",
      message: `${who} speaks of the same as rule ${call(rival)}, which comes first and decides`,
      hint: "leave one of the two out",
      details,
    });
  }
  return new TensorplanError({
    code: "rules/shadowed",
    message: `${who} never decides: all that it speaks of is decided before it by ${names}`,
    hint: "put it in front of those, or leave it out",
    details,
  });
}
