/** Whether a repair helps: its finding is gone, no other one came, and no service is worse off. */
import {
	compareRationals,
	ONE,
	plus,
	type Rational,
	ZERO,
} from "../../../../sim/rational.ts";
import { NO_BACKEND, type Service } from "../../services/service.ts";
import type { Share, Split } from "../../split/split.ts";
import type { LintFinding } from "../finding.ts";

/** What a repair is judged by. */
export interface Judged {
	readonly findings: readonly LintFinding[];
	readonly services: readonly Service[];
}

/**
 * @param repaired findings of `before` that should be gone
 * @param formerName the name that a rule had before; `null`: it is new
 * @returns why the repair does not help; `null`: it does
 */
export function whyNot(
	before: Judged,
	after: Judged,
	{
		repaired,
		formerName,
	}: {
		readonly repaired: readonly LintFinding[];
		formerName(rule: string): string | null;
	},
): string | null {
	const counts = new Map<string, number>();
	const count = (key: string, by: number): number => {
		const sum = (counts.get(key) ?? 0) + by;
		counts.set(key, sum);
		return sum;
	};
	const open = before.findings.filter(isOpen);
	for (const one of open) count(placeOf(one, one.at.rule), 1);
	for (const one of repaired) count(placeOf(one, one.at.rule), -1);
	const codes = new Set(repaired.map(({ lint }) => lint.code));
	const hidden = new Set(open.map((one) => placeOf(one, one.at.rule)));
	for (const one of before.findings)
		if (!isOpen(one)) hidden.delete(placeOf(one, one.at.rule));
	for (const one of after.findings) {
		const { at, lint, message, severity } = one;
		const place = placeOf(one, formerName(at.rule) ?? `new ${at.rule}`);
		if (!isOpen(one)) {
			if (!hidden.has(place)) continue;
			return `a comment would suppress ${lint.code} at a rule that it does not stand above now`;
		}
		if (count(place, -1) >= 0) continue;
		if (severity === "note" && !codes.has(lint.code)) continue;
		return codes.has(lint.code)
			? `${lint.code} would still be found: ${message}`
			: `${lint.code} ${lint.name} would come of it: ${message}`;
	}
	return worseService(before.services, after.services);
}

function isOpen({ suppressed }: LintFinding): boolean {
	return suppressed === null;
}

/** Where a finding stands, whatever the number of the rule is. A comment has no rule, but its text. */
function placeOf({ lint, at }: LintFinding, rule: string): string {
	const where = at.rule === "" ? `# ${at.text}` : rule;
	return `${lint.code} ${where.replace(/:policy:\d+$/, ":policy")}`;
}

function worseService(
	before: readonly Service[],
	after: readonly Service[],
): string | null {
	const byKey = new Map(after.map((service) => [service.key, service]));
	for (const service of before) {
		// A service for the gateway's addresses may have become one for any.
		const now =
			byKey.get(service.key) ??
			after.find((other) => isForMore(other, service));
		if (now === undefined) return `${service.key} would be balanced no longer`;
		for (const client of service.classes) {
			const same = now.classes.find(({ name }) => name === client.name);
			for (const { name, split } of client.vectors) {
				const other = same?.vectors.find((one) => one.name === name)?.split;
				const why = other === undefined ? null : worseSplit(split, other);
				if (why !== null) return `${service.key} (${name}): ${why}`;
			}
		}
	}
	return null;
}

function isForMore(one: Service, other: Service): boolean {
	return (
		one.addresses === null &&
		one.protocol === other.protocol &&
		JSON.stringify(one.ports) === JSON.stringify(other.ports)
	);
}

function worseSplit(before: Split, after: Split): string | null {
	const [lost, losing] = [before, after].map(greatestLost) as [
		Rational,
		Rational,
	];
	if (compareRationals(losing, lost) > 0)
		return "more connections would get no backend";
	const shares = new Map(after.parts.map(({ key, share }) => [key, share]));
	for (const { key, share } of before.parts)
		if (!key.startsWith(NO_BACKEND) && isSome(share)) {
			const now = shares.get(key);
			if (now === undefined || !isSome(now))
				return `${key} would get no connection`;
		}
	return null;
}

/** The greatest part that no backend gets; all where it is not known. */
function greatestLost({ parts }: Split): Rational {
	const lost = parts
		.filter(({ key }) => key.startsWith(NO_BACKEND))
		.map(({ share }) => greatestOf(share))
		.reduce(plus, ZERO);
	return compareRationals(lost, ONE) > 0 ? ONE : lost;
}

function greatestOf(share: Share): Rational {
	if (share.kind === "unknown") return ONE;
	return share.kind === "exact" ? share.value : share.greatest;
}

function isSome(share: Share): boolean {
	return compareRationals(greatestOf(share), ZERO) > 0;
}
