/** What two splits of one ruleset have apart. */
import type {
	PartDocument,
	ShareDocument,
	SplitDocument,
} from "../document/split-document.ts";

/** A share that is not the same. */
export interface ChangedShare {
	/** `tcp 203.0.113.1:80` */
	readonly service: string;
	/** `all clients` */
	readonly clients: string;
	/** `all alive` */
	readonly while: string;
	/** The backend, or `no backend: …`. */
	readonly key: string;
	/** `null`: it is not among those that get connections. */
	readonly from: ShareDocument | null;
	readonly to: ShareDocument | null;
}

type Place = Pick<ChangedShare, "service" | "clients" | "while" | "key">;

/** Empty where one of them is missing: there is nothing to compare. */
export function changedShares(
	from: SplitDocument | null,
	to: SplitDocument | null,
): readonly ChangedShare[] {
	if (from === null || to === null) return [];
	const before = sharesOf(from);
	const after = sharesOf(to);
	const keys = new Set([...before.keys(), ...after.keys()]);
	return [...keys].flatMap((key) => {
		const one = before.get(key);
		const other = after.get(key);
		const place = (one ?? other)?.place;
		if (place === undefined || isSame(one?.share, other?.share)) return [];
		return [{ ...place, from: one?.share ?? null, to: other?.share ?? null }];
	});
}

function sharesOf({
	services,
}: SplitDocument): ReadonlyMap<
	string,
	{ readonly place: Place; readonly share: PartDocument["share"] }
> {
	return new Map(
		services.flatMap((service) =>
			service.classes.flatMap((clients) =>
				clients.vectors.flatMap((vector) =>
					vector.parts.map(({ key, share }) => {
						const place: Place = {
							service: service.key,
							clients: clients.name,
							while: vector.name,
							key,
						};
						const id = JSON.stringify(Object.values(place));
						return [id, { place, share }] as const;
					}),
				),
			),
		),
	);
}

/** A backend that gets nothing may be missing. */
function isSame(
	one: ShareDocument | undefined,
	other: ShareDocument | undefined,
): boolean {
	if (one === undefined || other === undefined) {
		const there = one ?? other;
		return there?.kind === "exact" && there.share.decimal === 0;
	}
	return JSON.stringify(one) === JSON.stringify(other);
}
