import { colourClass } from "../../reports/page/parts/colours.ts";
import { counted, number, percent } from "../../reports/page/parts/format.ts";
import type {
	SplitDocument,
	VectorDocument,
} from "../../scenarios/analysis/document/split-document.ts";
import type { BackendView, View } from "../engine/view.ts";

/** What the rules give exactly, or why that is not known here. */
export type Exact =
	| {
			readonly kind: "split";
			readonly split: SplitDocument;
			/** That is played, by its key; "": the one that has these backends. */
			readonly service: string;
	  }
	| { readonly kind: "none"; readonly why: string };

/** What each backend got, and what the rules give it exactly while conditions are as they are. */
export function Shares({
	view,
	exact: known,
}: {
	readonly view: View | null;
	readonly exact: Exact;
}) {
	if (view === null) return <h2>Shares</h2>;
	const { backends, total, nowhere, servings } = view;
	const { vector, why } = vectorOf(known, view);
	return (
		<>
			<h2>Shares</h2>
			<table class="given">
				<thead>
					<tr>
						<th scope="col">backend</th>
						<th scope="col">given</th>
						<th scope="col">seen</th>
						<th scope="col">exact</th>
					</tr>
				</thead>
				<tbody>
					{backends.map((one, index) => (
						<Line
							key={one.name}
							name={one.name}
							about={one.address}
							colour={colourClass(index)}
							given={one.given}
							total={total}
							exact={exactOf(vector, one)}
						/>
					))}
					{(nowhere > 0 || (elsewhere(vector, backends)?.decimal ?? 0) > 0) && (
						<Line
							name="no backend"
							about=""
							colour="nowhere"
							given={nowhere}
							total={total}
							exact={elsewhere(vector, backends)}
						/>
					)}
				</tbody>
			</table>
			<p class="sums">
				<span>{counted(total, "connection")}:</span>{" "}
				<span class="good">{number(servings.served)} served</span>
				{servings.late > 0 && (
					<span class="doubt">{number(servings.late)} late</span>
				)}
				{servings.lost > 0 && (
					<span class="bad">{number(servings.lost)} lost</span>
				)}
				{servings.waiting > 0 && (
					<span>{number(servings.waiting)} waiting</span>
				)}
			</p>
			{why !== "" && <p class="doubt">{why}</p>}
			{vector !== null && (
				<p class="remark">
					Exact: in the long run, while conditions are as they are now
					{vector.period === null ? "" : `; it repeats every ${vector.period}`}.
				</p>
			)}
		</>
	);
}

interface Share {
	readonly words: string;
	readonly percent: string;
	readonly decimal: number | null;
}

function Line({
	name,
	about,
	colour,
	given,
	total,
	exact,
}: {
	readonly name: string;
	readonly about: string;
	readonly colour: string;
	readonly given: number;
	readonly total: number;
	readonly exact: Share | null;
}) {
	const seen = total === 0 ? 0 : given / total;
	return (
		<tr>
			<th scope="row">
				<span class={`dot ${colour}`} /> {name}
				{about !== "" && <span class="remark"> {about}</span>}
			</th>
			<td class="number">{number(given)}</td>
			<td>
				<div class="bar">
					<span class={colour} style={{ width: `${seen * 100}%` }} />
					{exact !== null && exact.decimal !== null && (
						<i style={{ left: `${exact.decimal * 100}%` }} />
					)}
				</div>
				{total === 0 ? "—" : percent(seen)}
			</td>
			<td class="exact">
				{exact === null ? "—" : exact.words}
				{exact !== null && exact.percent !== exact.words && (
					<>
						{" "}
						<span class="remark">{exact.percent}</span>
					</>
				)}
			</td>
		</tr>
	);
}

/** Of the service that is played, while conditions are as they are; else why there is none. */
function vectorOf(
	known: Exact,
	view: View,
): { readonly vector: VectorDocument | null; readonly why: string } {
	const none = (why: string) => ({ vector: null, why });
	if (known.kind === "none") return none(known.why);
	const { services } = known.split;
	const fitting =
		known.service === ""
			? services.filter(({ backends }) =>
					view.backends.some((one) =>
						backends.some(({ key }) => isAt(key, one)),
					),
				)
			: services.filter(({ key }) => key === known.service);
	const [service, ...others] = fitting;
	if (service === undefined) return none("");
	if (others.length > 0)
		return none(
			"Several services have these backends: what each gets exactly stands below.",
		);
	const [clients, ...more] = service.classes;
	if (clients === undefined || more.length > 0)
		return none(
			"Clients are treated differently: what each class of them gets exactly stands below.",
		);
	const vector = clients.vectors.find(({ conditions }) =>
		Object.entries(conditions).every(
			([name, value]) => (view.conditions[name] ?? 0) === value,
		),
	);
	return vector === undefined
		? none(
				"What the rules give while conditions are as they are is not computed.",
			)
		: { vector, why: "" };
}

function isAt(key: string, { address }: BackendView): boolean {
	return key === address || key.startsWith(`${address}:`);
}

function exactOf(
	vector: VectorDocument | null,
	backend: BackendView,
): Share | null {
	if (vector === null) return null;
	const part = vector.parts.find(({ key }) => isAt(key, backend));
	return part === undefined
		? { words: "0", percent: "0", decimal: 0 }
		: wordsOf(part);
}

function wordsOf({ share }: VectorDocument["parts"][number]): Share {
	switch (share.kind) {
		case "exact":
			return {
				words: share.share.fraction,
				percent: share.share.percent,
				decimal: share.share.decimal,
			};
		case "interval":
			return {
				words: `${share.least.percent} to ${share.greatest.percent}`,
				percent: `${share.least.percent} to ${share.greatest.percent}`,
				decimal: null,
			};
		case "unknown":
			return { words: "unknown", percent: "unknown", decimal: null };
	}
}

/** What gets none of the backends. */
function elsewhere(
	vector: VectorDocument | null,
	backends: readonly BackendView[],
): Share | null {
	const parts = vector?.parts.filter(
		({ key }) => !backends.some((one) => isAt(key, one)),
	);
	const [part, ...more] = parts ?? [];
	if (part === undefined) return null;
	if (more.length === 0) return wordsOf(part);
	const words = `${more.length + 1} ways`;
	return { words, percent: words, decimal: null };
}
